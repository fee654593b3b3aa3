import * as z from 'zod/v4-mini';
import { readGuarded } from '../arguments.ts';
import { type Schema, typed } from '../endpoints/schema.ts';
import { ProtocolError } from '../protocol-error.ts';

export const text = (pattern: RegExp): Schema<string> => z.string().check(z.regex(pattern));
const nonEmpty: Schema<string> = z.string().check(z.minLength(1));
export const count: Schema<number> = z.int().check(z.positive());
/** Unix seconds. */
export const seconds: Schema<number> = z.int().check(z.nonnegative());

/** What every vector has. */
export interface VectorHead {
  /** Stable and never reused; unique over all files. */
  readonly id: string;
  /** Two names, e.g. `verify/order`. */
  readonly group: string;
  /** For readers; may change. */
  readonly description: string;
  /** Sections of `docs/wire-protocol.md`. */
  readonly spec: string[];
  /** The `notes` of the file explain each flag. */
  readonly flags: string[];
  readonly level: 'MUST' | 'SHOULD';
  readonly result: 'valid' | 'invalid';
  /** The id of a vector that this one replaces: published bytes never change. */
  readonly supersedes?: string | undefined;
}

/** The fields that every vector has. */
export const vectorHead = {
  id: text(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  group: text(/^[a-z]+\/[a-z]+(?:-[a-z]+)*$/),
  description: nonEmpty,
  spec: z.array(text(/^[1-9](?:\.[1-9])?$/)).check(z.minLength(1)),
  flags: z.array(text(/^[A-Z][A-Za-z]+$/)).check(z.minLength(1)),
  level: z.enum(['MUST', 'SHOULD']),
  result: z.enum(['valid', 'invalid']),
};

/** The field of {@link VectorHead} that only some vectors have. */
export const supersedes = z.optional(z.string());

/** What a flag of a vector means. */
export interface VectorNote {
  /** The kind of mistake that vectors with this flag find. */
  readonly bugType: string;
  /** The consequence of that mistake. */
  readonly effect: string;
}

const note = typed<VectorNote>()(z.strictObject({ bugType: text(/^[A-Z][A-Z_]+$/), effect: nonEmpty }));

/** The program that made a vector file. */
export interface VectorSource {
  readonly name: string;
  readonly version: string;
}

export const source = typed<VectorSource>()(z.strictObject({ name: z.string(), version: z.string() }));

/** A vector file: its source, the meaning of its flags, its counts, and the vectors sorted by group, then id. */
export interface VectorFileOf<Vector> {
  readonly $schema: string;
  readonly suite: string;
  /** Of the vectors: major, minor, patch. */
  readonly version: string;
  readonly source: VectorSource;
  /** The meaning of each flag. */
  readonly notes: Record<string, VectorNote>;
  /** The number of vectors. */
  readonly count: number;
  /** The number of vectors in each group. */
  readonly groups: Record<string, number>;
  readonly vectors: Vector[];
}

/** The schema of a {@link VectorFileOf} one suite. */
export const vectorFile = <Vector>(suite: string, vector: Schema<Vector>): Schema<VectorFileOf<Vector>> =>
  z.strictObject({
    $schema: z.string(),
    suite: z.literal(`cpg-${suite}`),
    version: text(/^[0-9]+\.[0-9]+\.[0-9]+$/),
    source,
    notes: z.record(z.string(), note),
    count,
    groups: z.record(z.string(), count),
    vectors: z.array(vector).check(z.minLength(1)),
  }) as unknown as Schema<VectorFileOf<Vector>>;

/** Bytes in base64, which preserves invalid UTF-8, NUL and byte order marks. */
export const base64Bytes: Schema<string> = z.base64();

/** A body: base64, or one repeated byte for a large body. */
export type VectorBody = string | { readonly repeat: { readonly byteHex: string; readonly count: number } };

/** The schema of a {@link VectorBody}. */
export const vectorBody: Schema<VectorBody> = z.union([
  base64Bytes,
  z.strictObject({
    repeat: z.strictObject({
      byteHex: text(/^[0-9a-f]{2}$/),
      count: z.int().check(z.positive(), z.maximum(1_048_576)),
    }),
  }),
]);

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
export type Verdict =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      /** A code of `REJECTIONS`. */
      readonly code: string;
      /** The HTTP status of the response. */
      readonly status: number;
      /** The `message` of the response. */
      readonly message: string;
    };

/** The schema of a {@link Verdict}. */
export const verdict: Schema<Verdict> = z.discriminatedUnion('accepted', [
  z.strictObject({ accepted: z.literal(true) }),
  z.strictObject({
    accepted: z.literal(false),
    code: text(/^[a-z]+(?:_[a-z]+)*$/),
    status: z.int().check(z.minimum(400), z.maximum(599)),
    message: nonEmpty,
  }),
]);

/** Names and values as received, with their order, case and repeats. */
export const headerPairs: Schema<[name: string, value: string][]> = z.array(
  z.tuple([z.string(), z.string()]),
);

/** Whether the (first) signature header is the sender's signature, another text, or missing. */
export type SignatureHeader = 'genuine' | 'altered' | 'missing';

/** The schema of a {@link SignatureHeader}. */
export const signatureHeader: Schema<SignatureHeader> = z.enum(['genuine', 'altered', 'missing']);

const sha256Hex = text(/^[0-9a-f]{64}$/);
const hexBytes = text(/^(?:[0-9a-f]{2})+$/);

/**
 * Every value on the way from a request to its signature. Characters U+0080 to U+00FF of a target stand for
 * single bytes.
 */
export interface RequestStages {
  readonly path: string;
  readonly query: string;
  /** Lowercase hex. */
  readonly bodySha256: string;
  readonly canonical: string;
  /** The bytes of `canonical`, in which line feeds are visible. */
  readonly canonicalHex: string;
  /** Lowercase hex. */
  readonly signature: string;
}

/** The fields of {@link RequestStages}. */
export const requestStages = {
  path: z.string(),
  query: z.string(),
  bodySha256: sha256Hex,
  canonical: z.string(),
  canonicalHex: hexBytes,
  signature: sha256Hex,
};

/** The signed bytes of a webhook (timestamp, LF, body), and their signature. */
export interface WebhookStages {
  readonly signedHex: string;
  /** Lowercase hex. */
  readonly signature: string;
}

/** The fields of {@link WebhookStages}. */
export const webhookStages = { signedHex: hexBytes, signature: sha256Hex };

/** A request, the secret that signs it, and every value on the way to its signature. */
export interface RequestToSign extends RequestStages {
  /** The UTF-8 bytes of the secret's text, in base64. */
  readonly secretB64: string;
  readonly timestamp: string;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: VectorBody;
}

/** The fields of {@link RequestToSign}. */
export const requestToSign = {
  secretB64: base64Bytes,
  timestamp: z.string(),
  method: z.string(),
  target: z.string(),
  bodyB64: vectorBody,
  ...requestStages,
};

interface SentRequest extends RequestToSign {
  readonly kind: 'request';
}

interface SentWebhook extends WebhookStages {
  readonly kind: 'webhook';
  readonly secretB64: string;
  readonly timestamp: string;
  readonly bodyB64: VectorBody;
}

/** What the sender signed, when it differs from what was received. */
export type Sender = SentRequest | SentWebhook;

/** The schema of a {@link Sender}. */
export const sender: Schema<Sender> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('request'),
    ...requestToSign,
  }),
  z.strictObject({
    kind: z.literal('webhook'),
    secretB64: base64Bytes,
    timestamp: z.string(),
    bodyB64: vectorBody,
    ...webhookStages,
  }),
]);
