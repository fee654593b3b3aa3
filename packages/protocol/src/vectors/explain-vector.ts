import { z } from 'zod';
import { base64Bytes } from './vector-body.ts';
import { vectorHead } from './vector-file.ts';

/** A request or webhook that was signed with known mistakes, and the findings that name them. */
export const explainVector = z.strictObject({
  id: vectorHead.id,
  description: vectorHead.description,
  kind: z.enum(['request', 'webhook']),
  secretB64: base64Bytes,
  keyId: z.string().optional(),
  host: z.string().optional(),
  /** The receiver's clock in Unix seconds. */
  now: z.int().nonnegative(),
  /** Whether pairs of mistakes are tried too. */
  combinations: z.boolean().optional(),
  timestamp: z.string(),
  method: z.string(),
  target: z.string(),
  bodyB64: base64Bytes,
  /** As received, so not always a signature by its grammar. */
  signature: z.string(),
  /** Codes of findings, in order; none where silence is right. */
  findings: z.array(z.string().regex(/^[a-z0-9]+(?:_[a-z0-9]+)*$/)),
});
/** A wrong signature, and the findings that it is to be explained with. */
export type ExplainVector = z.output<typeof explainVector>;

/** The shape of `vectors/explain-mismatch.json`. */
export const explainVectorFile = z.strictObject({
  $schema: z.string(),
  suite: z.literal('cpg-explain-mismatch'),
  version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+$/),
  source: z.strictObject({ name: z.string(), version: z.string() }),
  count: z.int().positive(),
  vectors: z.array(explainVector).min(1),
});
