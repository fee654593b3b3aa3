import { z } from 'zod';
import { requestStages } from './stages.ts';
import { base64Bytes, vectorBody } from './vector-body.ts';
import { supersedes, vectorFile, vectorHead } from './vector-file.ts';

/** A request, and every stage on the way to its signature. */
export const signingVector = z.strictObject({
  ...vectorHead,
  supersedes,
  keyId: z.string(),
  /** The UTF-8 bytes of the secret's text. */
  secretB64: base64Bytes,
  timestamp: z.string(),
  method: z.string(),
  target: z.string(),
  bodyB64: vectorBody,
  ...requestStages,
});
/** A request to sign, and every stage up to its signature. */
export type SigningVector = z.output<typeof signingVector>;

/** The shape of `vectors/request-signing.json`. */
export const signingVectorFile = vectorFile('request-signing', signingVector);
