import { createHmacKey, isHmacKey } from '#crypto';
import { typeName } from '../arguments.ts';
import type { HmacKey } from '../crypto/node.ts';
import { ProtocolError } from '../protocol-error.ts';

// A registered symbol: the ESM and the CJS copy of this package accept each other's keys.
const HMAC_KEY = Symbol.for('cpg.protocol.signing-key');
// The method that Node's `util.inspect` calls, and so `console.log`.
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const REDACTED = '[SigningKey]';

/**
 * An opaque HMAC-SHA256 key. Printing, inspecting or serialising it shows `[SigningKey]`, never the secret.
 */
export interface SigningKey {
  toString(): string;
  toJSON(): string;
}

class OpaqueSigningKey implements SigningKey {
  constructor(hmacKey: HmacKey) {
    Object.defineProperty(this, HMAC_KEY, { value: hmacKey });
    Object.freeze(this);
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [INSPECT](): string {
    return REDACTED;
  }
}

/**
 * Creates a signing key from a secret; create it once and reuse it. The secret is used as the UTF-8 bytes of
 * the text shown at its creation: it is not trimmed, and not decoded from hex or base64. Wire protocol §1.2.
 *
 * @throws ProtocolError `invalid_secret` when the secret is empty, not a string, or contains a lone surrogate
 * (which has no UTF-8 bytes). The message never contains the secret.
 */
export const createSigningKey = (secret: string): SigningKey => {
  if (typeof secret !== 'string' || secret === '') {
    throw new ProtocolError(
      'invalid_secret',
      `Secret must be a non-empty string: got ${secret === '' ? 'an empty one' : typeName(secret)}. Is its environment variable set?`,
    );
  }
  if (!secret.isWellFormed()) {
    throw new ProtocolError(
      'invalid_secret',
      'Secret must be well-formed Unicode: it contains a lone surrogate.',
    );
  }
  return new OpaqueSigningKey(createHmacKey(secret));
};

/** The HMAC key inside a signing key. Internal: not exported by the package. */
export const getHmacKey = (key: SigningKey): HmacKey => {
  const hmacKey = readHmacKey(key);
  if (isHmacKey(hmacKey)) return hmacKey;
  // Not shown: it may be the secret itself.
  throw new ProtocolError(
    'invalid_secret',
    `Key must come from createSigningKey(secret): got ${typeName(key)}.`,
  );
};

const readHmacKey = (key: unknown): unknown => {
  try {
    return (key as { readonly [HMAC_KEY]?: unknown } | null | undefined)?.[HMAC_KEY];
  } catch {
    return undefined; // A proxy may throw.
  }
};
