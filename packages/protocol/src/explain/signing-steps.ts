import { digest } from '../crypto/node.ts';

/** How a signer arrives at a signature, step by step. A mistake is a different step. */
export interface SigningSteps {
  readonly timestamp: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
  /** Makes the fifth field of the canonical string. */
  readonly hashBody: (body: Buffer) => Buffer;
  /** Makes the message of the fields. */
  readonly assemble: (steps: SigningSteps) => Buffer;
  /** The bytes of the secret. */
  readonly key: Buffer;
  readonly mac: (key: Buffer, message: Buffer) => Buffer;
  /** What a signer may have mixed in, when it is known. */
  readonly keyId?: string | undefined;
  readonly host?: string | undefined;
}

/** The five fields of the canonical string, as bytes. */
export const fieldsOf = (steps: SigningSteps): Buffer[] => [
  Buffer.from(steps.timestamp),
  Buffer.from(steps.method),
  Buffer.from(steps.path),
  Buffer.from(steps.query),
  steps.hashBody(steps.body),
];

/** Bytes and texts, joined. */
export const join = (fields: readonly (Buffer | string)[], separator: string): Buffer =>
  Buffer.concat(
    fields.flatMap((field, index) => [
      Buffer.from(index === 0 ? '' : separator),
      typeof field === 'string' ? Buffer.from(field) : field,
    ]),
  );

/** The message of a request. Contract §1.2. */
export const assembleRequest = (steps: SigningSteps): Buffer => join(fieldsOf(steps), '\n');

/** The message of a webhook. Contract §5. */
export const assembleWebhook = ({ timestamp, body }: SigningSteps): Buffer => join([timestamp, body], '\n');

/** A hash of the body that is not computed twice for the same buffer: most mistakes leave the body alone. */
export const hashBodyOnce = (): SigningSteps['hashBody'] => {
  const known = new WeakMap<Buffer, Buffer>();
  return (body) => {
    const hashed = known.get(body) ?? Buffer.from(digest('sha256', body).toString('hex'));
    known.set(body, hashed);
    return hashed;
  };
};

/** What a signer who takes these steps arrives at. */
export const macOf = (steps: SigningSteps): Buffer => steps.mac(steps.key, steps.assemble(steps));
