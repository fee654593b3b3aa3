import { digest } from '../crypto/node.ts';
import type { Forwarded } from './proxy-mistakes.ts';

/** The steps of signing. A mistake replaces a step. */
export interface SigningSteps {
  readonly timestamp: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
  /** Computes the fifth field of the canonical string. */
  readonly hashBody: (body: Buffer) => Buffer;
  /** Joins the fields to the message. */
  readonly assemble: (steps: SigningSteps) => Buffer;
  /** The bytes of the secret. */
  readonly key: Buffer;
  readonly mac: (key: Buffer, message: Buffer) => Buffer;
  /** Values that a signer may have included by mistake, when known. */
  readonly keyId?: string | undefined;
  readonly host?: string | undefined;
  /** What proxies report of the original request. */
  readonly forwarded: Forwarded;
}

/** The five fields of the canonical string, as bytes. */
export const getFields = (steps: SigningSteps): Buffer[] => [
  Buffer.from(steps.timestamp),
  Buffer.from(steps.method),
  Buffer.from(steps.path),
  Buffer.from(steps.query),
  steps.hashBody(steps.body),
];

/** Joins bytes and texts. */
export const join = (fields: readonly (Buffer | string)[], separator: string): Buffer =>
  Buffer.concat(
    fields.flatMap((field, index) => [
      Buffer.from(index === 0 ? '' : separator),
      typeof field === 'string' ? Buffer.from(field) : field,
    ]),
  );

/** The message of a request. Wire protocol §1.2. */
export const assembleRequest = (steps: SigningSteps): Buffer => join(getFields(steps), '\n');

/** The message of a webhook. Wire protocol §5. */
export const assembleWebhook = ({ timestamp, body }: SigningSteps): Buffer => join([timestamp, body], '\n');

/** Hashes a body once per buffer: most mistakes do not change the body. */
export const hashBodyOnce = (): SigningSteps['hashBody'] => {
  const known = new WeakMap<Buffer, Buffer>();
  return (body) => {
    const hashed = known.get(body) ?? Buffer.from(digest('sha256', body).toString('hex'));
    known.set(body, hashed);
    return hashed;
  };
};

/** The signature that these steps give. */
export const computeMac = (steps: SigningSteps): Buffer => steps.mac(steps.key, steps.assemble(steps));
