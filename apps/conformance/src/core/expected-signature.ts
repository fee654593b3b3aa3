import { createHash, createHmac } from 'node:crypto';
import { createSigningKey } from '@cpg/protocol';
import { explainMismatch } from '@cpg/protocol/explain';

/** The signed fields of a request on the wire; the target as latin1 text, one character per byte. */
export interface WireRequest {
  readonly timestamp: string;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

export const sha256Hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The canonical string of wire protocol §1.2, as latin1 text. Independent of @cpg/protocol, because the suite
 * judges that package too.
 */
export const createCanonicalString = ({ timestamp, method, target, body }: WireRequest): string => {
  const [path = '', ...rest] = target.split('?');
  return [timestamp, method, path, rest.join('?'), sha256Hex(body)].join('\n');
};

/** Lowercase hex HMAC-SHA256 of a canonical string given as latin1 text. */
export const computeSignature = (secret: Buffer | string, canonical: string): string =>
  createHmac('sha256', secret).update(canonical, 'latin1').digest('hex');

interface WrongSignature {
  readonly secret: Buffer | string;
  readonly signature: string;
  readonly request: Parameters<typeof explainMismatch>[0]['request'];
}

/**
 * The known mistake that gives exactly this signature, and its fix; `undefined` when none does. Only a hint:
 * the expected signature decides.
 */
export const findKnownMistake = ({ secret, signature, request }: WrongSignature): string | undefined => {
  try {
    const key = createSigningKey(secret.toString());
    return explainMismatch({ key, signature, request })[0]?.message;
  } catch {
    // The secret is not a valid key, so there is nothing to explain.
    return undefined;
  }
};
