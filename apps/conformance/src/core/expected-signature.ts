import { createHash, createHmac } from 'node:crypto';
import { createSigningKey } from '@cpg/protocol';
import { explainMismatch } from '@cpg/protocol/explain';

/** A request as it stands on the wire; the target as latin1 text, one character a byte. */
export interface WireRequest {
  readonly timestamp: string;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

export const sha256Hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The canonical string of contract §1.2, as latin1 text. Written a second time, apart from @cpg/protocol: the suite must not
 * judge that package by itself.
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
 * The known mistake that makes exactly this signature, with its cure; `undefined` when none does. A hint and nothing more: what is right
 * and wrong is decided by the suite's own oracle.
 */
export const findKnownMistake = ({ secret, signature, request }: WrongSignature): string | undefined => {
  try {
    const key = createSigningKey(secret.toString());
    return explainMismatch({ key, signature, request })[0]?.message;
  } catch {
    // A secret that is no key of the protocol leaves nothing to explain.
    return undefined;
  }
};
