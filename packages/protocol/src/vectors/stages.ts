import { z } from 'zod';
import { base64Bytes, vectorBody } from './vector-body.ts';

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const hexBytes = z.string().regex(/^(?:[0-9a-f]{2})+$/);

/** Every value on the way from a request to its signature. Characters U+0080 to U+00FF of a target stand for single bytes. */
export const requestStages = {
  path: z.string(),
  query: z.string(),
  bodySha256: sha256Hex,
  canonical: z.string(),
  /** The bytes of `canonical`, for eyes that cannot see a line feed. */
  canonicalHex: hexBytes,
  signature: sha256Hex,
};

/** The signed bytes of a webhook (timestamp, LF, body), and their signature. */
export const webhookStages = {
  signedHex: hexBytes,
  signature: sha256Hex,
};

/** What the sender signed, where it is not what arrived. */
export const sender = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('request'),
    secretB64: base64Bytes,
    timestamp: z.string(),
    method: z.string(),
    target: z.string(),
    bodyB64: vectorBody,
    ...requestStages,
  }),
  z.strictObject({
    kind: z.literal('webhook'),
    secretB64: base64Bytes,
    timestamp: z.string(),
    bodyB64: vectorBody,
    ...webhookStages,
  }),
]);
