import { createRequire } from 'node:module';
import { signingVectorFile, verificationVectorFile, webhookVectorFile } from '@cpg/protocol/vectors';

const require = createRequire(import.meta.url);

/** The vectors that the package carries, checked against their schemas. */
export const readVectors = () => ({
  signing: signingVectorFile.parse(require('@cpg/protocol/vectors/request-signing.json')).vectors,
  verification: verificationVectorFile.parse(require('@cpg/protocol/vectors/request-verification.json'))
    .vectors,
  webhooks: webhookVectorFile.parse(require('@cpg/protocol/vectors/webhooks.json')).vectors,
});
