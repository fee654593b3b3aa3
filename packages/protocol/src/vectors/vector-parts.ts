import { z } from 'zod';
import { readGuarded } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';

/** The fields that every vector has. */
export const vectorHead = {
  /** Stable and never reused; unique over all files. */
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  group: z.string().regex(/^[a-z]+\/[a-z]+(?:-[a-z]+)*$/),
  /** For readers; may change. */
  description: z.string().min(1),
  /** Sections of `docs/wire-protocol.md`. */
  spec: z.array(z.string().regex(/^[1-9](?:\.[1-9])?$/)).min(1),
  /** The `notes` of the file explain each flag. */
  flags: z.array(z.string().regex(/^[A-Z][A-Za-z]+$/)).min(1),
  level: z.enum(['MUST', 'SHOULD']),
  result: z.enum(['valid', 'invalid']),
};

/** The id of a vector that this one replaces: published bytes never change. */
export const supersedes = z.string().optional();

const note = z.strictObject({
  /** The kind of mistake that vectors with this flag find. */
  bugType: z.string().regex(/^[A-Z][A-Z_]+$/),
  /** The consequence of that mistake. */
  effect: z.string().min(1),
});

/**
 * A vector file: its source, the meaning of its flags, its counts, and the vectors sorted by group, then id.
 */
export const vectorFile = <Vector extends z.ZodType>(suite: string, vector: Vector) =>
  z.strictObject({
    $schema: z.string(),
    suite: z.literal(`cpg-${suite}`),
    version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+$/),
    source: z.strictObject({ name: z.string(), version: z.string() }),
    notes: z.record(z.string(), note),
    count: z.int().positive(),
    /** The number of vectors per group. */
    groups: z.record(z.string(), z.int().positive()),
    vectors: z.array(vector).min(1),
  });

/** Bytes in base64, which preserves invalid UTF-8, NUL and byte order marks. */
export const base64Bytes = z.base64();

/** A body: base64, or one repeated byte for a large body. */
export const vectorBody = z.union([
  base64Bytes,
  z.strictObject({
    repeat: z.strictObject({
      byteHex: z.string().regex(/^[0-9a-f]{2}$/),
      count: z.int().positive().max(1_048_576),
    }),
  }),
]);
/** A body: base64, or one repeated byte for a large body. */
export type VectorBody = z.output<typeof vectorBody>;

/**
 * The bytes of a vector's body.
 *
 * @throws ProtocolError `invalid_body` for anything but base64 or a repeated byte.
 */
export const vectorBodyBytes = (body: VectorBody): Uint8Array => {
  const read = readGuarded('body', () => vectorBody.safeParse(body));
  if (!read.success) {
    throw new ProtocolError(
      'invalid_body',
      'The body of a vector must be base64, or { repeat: { byteHex, count } }.',
    );
  }
  const { data } = read;
  return typeof data === 'string'
    ? Buffer.from(data, 'base64')
    : Buffer.alloc(data.repeat.count, data.repeat.byteHex, 'hex');
};

/** The verdict of a stateless verifier. */
export const verdict = z.discriminatedUnion('accepted', [
  z.strictObject({ accepted: z.literal(true) }),
  z.strictObject({
    accepted: z.literal(false),
    /** A code of `REJECTIONS`. */
    code: z.string().regex(/^[a-z]+(?:_[a-z]+)*$/),
    status: z.int().min(400).max(599),
    message: z.string().min(1),
  }),
]);

/** Names and values as received, with their order, case and repeats. */
export const headerPairs = z.array(z.tuple([z.string(), z.string()]));

/** Whether the (first) signature header is the sender's signature, another text, or missing. */
export const signatureHeader = z.enum(['genuine', 'altered', 'missing']);

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const hexBytes = z.string().regex(/^(?:[0-9a-f]{2})+$/);

/**
 * Every value on the way from a request to its signature. Characters U+0080 to U+00FF of a target stand for
 * single bytes.
 */
export const requestStages = {
  path: z.string(),
  query: z.string(),
  bodySha256: sha256Hex,
  canonical: z.string(),
  /** The bytes of `canonical`, in which line feeds are visible. */
  canonicalHex: hexBytes,
  signature: sha256Hex,
};

/** The signed bytes of a webhook (timestamp, LF, body), and their signature. */
export const webhookStages = {
  signedHex: hexBytes,
  signature: sha256Hex,
};

/** What the sender signed, when it differs from what was received. */
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
