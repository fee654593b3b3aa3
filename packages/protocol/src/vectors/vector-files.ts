import { createRequire } from 'node:module';
import { z } from 'zod';
import { wrongType } from '../arguments.ts';
import {
  base64Bytes,
  headerPairs,
  requestStages,
  sender,
  signatureHeader,
  supersedes,
  vectorBody,
  vectorFile,
  vectorHead,
  verdict,
  webhookStages,
} from './vector-parts.ts';

/** A request to sign, and every value on the way to its signature. */
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
/** A request to sign, and every value on the way to its signature. */
export type SigningVector = z.output<typeof signingVector>;

/** The shape of `vectors/request-signing.json`. */
export const signingVectorFile = vectorFile('request-signing', signingVector);

/** A request as received by a server, with the time, the keys and the expected verdict. */
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
  /** What a verifier computes from the received request; missing when it rejects before the signature. */
  computed: z.strictObject(requestStages).optional(),
  /** Omitted when it equals `computed`. */
  sent: sender.optional(),
});
/** A received request and the expected verdict. */
export type VerificationVector = z.output<typeof verificationVector>;

/** The shape of `vectors/request-verification.json`. */
export const verificationVectorFile = vectorFile('request-verification', verificationVector);

/** A webhook as received, with the time, the signing secret and the expected verdict. */
export const webhookVector = z.strictObject({
  ...vectorHead,
  supersedes,
  /** The receiver's clock in Unix seconds. */
  now: z.int().nonnegative(),
  secretB64: base64Bytes,
  headers: headerPairs,
  bodyB64: vectorBody,
  expected: verdict,
  signatureHeader,
  /** What a receiver computes from the received webhook; missing when it rejects before the signature. */
  computed: z.strictObject(webhookStages).optional(),
  /** Omitted when it equals `computed`. */
  sent: sender.optional(),
});
/** A received webhook and the expected verdict. */
export type WebhookVector = z.output<typeof webhookVector>;

/** The shape of `vectors/webhooks.json`. */
export const webhookVectorFile = vectorFile('webhooks', webhookVector);

/** A request or webhook that was signed with known mistakes, and the findings that explain it. */
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
  /** As received; may be malformed. */
  signature: z.string(),
  /** The expected codes of findings, in order; empty when nothing can be explained. */
  findings: z.array(z.string().regex(/^[a-z0-9]+(?:_[a-z0-9]+)*$/)),
});
/** A wrong signature and the findings that explain it. */
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

/** The vector files for implementations of the protocol: name and schema of the content. */
export const VECTOR_FILES = Object.freeze({
  'request-signing': signingVectorFile,
  'request-verification': verificationVectorFile,
  webhooks: webhookVectorFile,
});

const ALL_FILES = { ...VECTOR_FILES, 'explain-mismatch': explainVectorFile };

/** The name of a vector file, without its ending. */
export type VectorFileName = keyof typeof ALL_FILES;

/** The content of a vector file. */
export type VectorFile<Name extends VectorFileName> = z.output<(typeof ALL_FILES)[Name]>;

const requireFile = createRequire(import.meta.url);

/**
 * Reads a vector file of this package and validates it with its schema.
 *
 * @throws ProtocolError `invalid_field` for an unknown name.
 */
export const readVectorFile = <Name extends VectorFileName>(name: Name): VectorFile<Name> => {
  assertFileName(name);
  return ALL_FILES[name].parse(requireFile(`@cpg/protocol/vectors/${name}.json`)) as VectorFile<Name>;
};

/**
 * The text of the JSON Schema (2020-12) that is published with a vector file.
 *
 * @throws ProtocolError `invalid_field` for an unknown name.
 */
export const vectorFileJsonSchema = (name: VectorFileName): string => {
  assertFileName(name);
  return `${JSON.stringify({ title: `CPG ${name} vectors`, ...z.toJSONSchema(ALL_FILES[name]) }, null, 2)}\n`;
};

const assertFileName = (name: VectorFileName): void => {
  if (typeof name !== 'string' || !Object.hasOwn(ALL_FILES, name)) {
    throw wrongType('name', name, { expected: `one of ${Object.keys(ALL_FILES).join(', ')}` });
  }
};
