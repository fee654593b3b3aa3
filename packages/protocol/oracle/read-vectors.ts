import { readFileSync } from 'node:fs';
import { signingVectorFile, verificationVectorFile, webhookVectorFile } from '@cpg/protocol/vectors';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));

/** The committed vectors, checked against their schemas. */
export const readVectors = () => ({
  signing: signingVectorFile.parse(read('request-signing')).vectors,
  verification: verificationVectorFile.parse(read('request-verification')).vectors,
  webhooks: webhookVectorFile.parse(read('webhooks')).vectors,
});
