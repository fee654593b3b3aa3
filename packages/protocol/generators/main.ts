import { isDeepStrictEqual } from 'node:util';
import {
  readVectors,
  signVector,
  signWebhookVector,
  verifyVector,
  verifyWebhookVector,
} from './run-vectors.ts';

// Runs an installed @cpg/protocol against its vectors, on any JavaScript runtime. Prints `signing 85, …` as its
// last line when no vector failed.
const { signing, verification, webhooks } = readVectors();
const failed = [
  ...signing.filter((vector) => {
    const { path, query, bodySha256, canonical, canonicalHex, signature } = vector;
    const stages = { path, query, bodySha256, canonical, canonicalHex, signature };
    return !isDeepStrictEqual(signVector(vector).stages, stages);
  }),
  ...verification.filter((vector) => !isDeepStrictEqual(verifyVector(vector), vector.expected)),
  ...webhooks.filter((vector) => !isDeepStrictEqual(verifyWebhookVector(vector), vector.expected)),
  ...webhooks.filter((vector) => vector.computed && signWebhookVector(vector) !== vector.computed.signature),
].map(({ id }) => id);
if (failed.length > 0) throw new Error(`Failed: ${failed.join(', ')}`);
process.stdout.write(
  `signing ${signing.length}, verification ${verification.length}, webhooks ${webhooks.length}\n`,
);
