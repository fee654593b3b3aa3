import { z } from 'zod';
import { requestStages, sender } from './stages.ts';
import { base64Bytes, vectorBody } from './vector-body.ts';
import { supersedes, vectorFile, vectorHead } from './vector-file.ts';
import { headerPairs, signatureHeader, verdict } from './verdict.ts';

/** A request as a server received it, the moment, the keys, and the answer. */
export const verificationVector = z.strictObject({
  ...vectorHead,
  supersedes,
  /** The server's clock in Unix seconds. */
  now: z.int().nonnegative(),
  keys: z.array(z.strictObject({ keyId: z.string(), secretB64: base64Bytes })).min(1),
  method: z.string(),
  target: z.string(),
  headers: headerPairs,
  bodyB64: vectorBody,
  expected: verdict,
  signatureHeader,
  /** What a verifier computes from what it received, when it gets as far as the signature of a known key. */
  computed: z.strictObject(requestStages).optional(),
  /** Left out when it is what `computed` says. */
  sent: sender.optional(),
});
/** A received request, and the answer that it is to get. */
export type VerificationVector = z.output<typeof verificationVector>;

/** The shape of `vectors/request-verification.json`. */
export const verificationVectorFile = vectorFile('request-verification', verificationVector);
