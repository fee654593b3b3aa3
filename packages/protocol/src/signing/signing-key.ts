import { typeName } from '../arguments.ts';
import { createHmacKey, type HmacKey, isHmacKey } from '../crypto/node.ts';
import { ProtocolError } from '../protocol-error.ts';

// A registered symbol, so that the ESM and the CJS copy of this package can use each other's keys.
const HMAC_KEY = Symbol.for('cpg.protocol.signing-key');
// What `util.inspect` of Node, and so console.log, looks for.
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const REDACTED = '[SigningKey]';

/** An opaque HMAC-SHA256 key. Printing, inspecting or serialising it shows `[SigningKey]`, never the secret. */
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
 * Makes a signing key of a secret, once, for many signatures. The secret is used as the UTF-8 bytes of the text that was
 * shown: not trimmed, not hex- or base64-decoded. Contract §1.2.
 *
 * @throws ProtocolError `invalid_secret` when it is empty, not a text, or has a lone surrogate (no UTF-8 bytes). The
 * message never contains the secret.
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

/** Takes the key out of its wrapper, for the HMAC alone. Internal: not exported by the package. */
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
