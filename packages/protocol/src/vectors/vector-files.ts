import { createRequire } from 'node:module';
import type * as core from 'zod/v4/core';
import * as z from 'zod/v4-mini';
import { wrongType } from '../arguments.ts';
import { typed } from '../endpoints/schema.ts';
import {
  base64Bytes,
  count,
  headerPairs,
  type RequestStages,
  type RequestToSign,
  requestStages,
  requestToSign,
  type Sender,
  type SignatureHeader,
  seconds,
  sender,
  signatureHeader,
  source,
  supersedes,
  text,
  type VectorBody,
  type VectorFileOf,
  type VectorHead,
  type Verdict,
  vectorBody,
  vectorFile,
  vectorHead,
  verdict,
  type WebhookStages,
  webhookStages,
} from './vector-parts.ts';

/** A request to sign, and every value on the way to its signature. */
export interface SigningVector extends VectorHead, RequestToSign {
  readonly keyId: string;
}

/** The schema of a {@link SigningVector}. */
export const signingVector = typed<SigningVector>()(
  z.strictObject({
    ...vectorHead,
    supersedes,
    keyId: z.string(),
    ...requestToSign,
  }),
);

/** The shape of `vectors/request-signing.json`. */
export const signingVectorFile = vectorFile('request-signing', signingVector);

interface Received extends VectorHead {
  /** The receiver's clock in Unix seconds. */
  readonly now: number;
  /** Names and values as received, with their order, case and repeats. */
  readonly headers: [name: string, value: string][];
  readonly bodyB64: VectorBody;
  readonly expected: Verdict;
  readonly signatureHeader: SignatureHeader;
  /** What the sender signed; missing when it equals `computed`. */
  readonly sent?: Sender | undefined;
}

/** A request as received by a server, with the time, the keys and the expected verdict. */
export interface VerificationVector extends Received {
  readonly keys: { readonly keyId: string; readonly secretB64: string }[];
  readonly method: string;
  readonly target: string;
  /** What a verifier computes from the received request; missing when it rejects before the signature. */
  readonly computed?: RequestStages | undefined;
}

const verificationKey = typed<VerificationVector['keys'][number]>()(
  z.strictObject({ keyId: z.string(), secretB64: base64Bytes }),
);

/** The schema of a {@link VerificationVector}. */
export const verificationVector = typed<VerificationVector>()(
  z.strictObject({
    ...vectorHead,
    supersedes,
    now: seconds,
    keys: z.array(verificationKey).check(z.minLength(1)),
    method: z.string(),
    target: z.string(),
    headers: headerPairs,
    bodyB64: vectorBody,
    expected: verdict,
    signatureHeader,
    computed: z.optional(typed<RequestStages>()(z.strictObject(requestStages))),
    sent: z.optional(sender),
  }),
);

/** The shape of `vectors/request-verification.json`. */
export const verificationVectorFile = vectorFile('request-verification', verificationVector);

/** A webhook as received, with the time, the signing secret and the expected verdict. */
export interface WebhookVector extends Received {
  /** The UTF-8 bytes of the signing secret's text, in base64. */
  readonly secretB64: string;
  /** What a receiver computes from the received webhook; missing when it rejects before the signature. */
  readonly computed?: WebhookStages | undefined;
}

/** The schema of a {@link WebhookVector}. */
export const webhookVector = typed<WebhookVector>()(
  z.strictObject({
    ...vectorHead,
    supersedes,
    now: seconds,
    secretB64: base64Bytes,
    headers: headerPairs,
    bodyB64: vectorBody,
    expected: verdict,
    signatureHeader,
    computed: z.optional(typed<WebhookStages>()(z.strictObject(webhookStages))),
    sent: z.optional(sender),
  }),
);

/** The shape of `vectors/webhooks.json`. */
export const webhookVectorFile = vectorFile('webhooks', webhookVector);

/** A request or webhook that was signed with known mistakes, and the findings that explain it. */
export interface ExplainVector {
  /** Stable and never reused. */
  readonly id: string;
  /** For readers; may change. */
  readonly description: string;
  readonly kind: 'request' | 'webhook';
  readonly secretB64: string;
  readonly keyId?: string | undefined;
  readonly host?: string | undefined;
  /** The receiver's clock in Unix seconds. */
  readonly now: number;
  /** Whether pairs of mistakes are tried too. */
  readonly combinations?: boolean | undefined;
  readonly timestamp: string;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: string;
  /** As received; may be malformed. */
  readonly signature: string;
  /** The expected codes of findings, in order; empty when nothing can be explained. */
  readonly findings: string[];
}

/** The schema of an {@link ExplainVector}. */
export const explainVector = typed<ExplainVector>()(
  z.strictObject({
    id: vectorHead.id,
    description: vectorHead.description,
    kind: z.enum(['request', 'webhook']),
    secretB64: base64Bytes,
    keyId: z.optional(z.string()),
    host: z.optional(z.string()),
    now: seconds,
    combinations: z.optional(z.boolean()),
    timestamp: z.string(),
    method: z.string(),
    target: z.string(),
    bodyB64: base64Bytes,
    signature: z.string(),
    findings: z.array(text(/^[a-z0-9]+(?:_[a-z0-9]+)*$/)),
  }),
);

/** The content of `vectors/explain-mismatch.json`: it has no groups and no notes. */
export interface ExplainVectorFile extends Omit<VectorFileOf<ExplainVector>, 'notes' | 'groups' | 'suite'> {
  readonly suite: 'cpg-explain-mismatch';
}

/** The shape of `vectors/explain-mismatch.json`. */
export const explainVectorFile = typed<ExplainVectorFile>()(
  z.strictObject({
    $schema: z.string(),
    suite: z.literal('cpg-explain-mismatch'),
    version: text(/^[0-9]+\.[0-9]+\.[0-9]+$/),
    source,
    count,
    vectors: z.array(explainVector).check(z.minLength(1)),
  }),
);

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
export type VectorFile<Name extends VectorFileName> = core.output<(typeof ALL_FILES)[Name]>;

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
