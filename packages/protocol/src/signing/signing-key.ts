import { createSecretKey, KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { typeName } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';

// A registered symbol, so that the ESM and the CJS copy of this package can use each other's keys.
const KEY_OBJECT = Symbol.for('cpg.protocol.signing-key');
const REDACTED = '[SigningKey]';

/** An opaque HMAC-SHA256 key. Printing, inspecting or serialising it shows `[SigningKey]`, never the secret. */
export interface SigningKey {
  toString(): string;
  toJSON(): string;
}

class OpaqueSigningKey implements SigningKey {
  constructor(keyObject: KeyObject) {
    Object.defineProperty(this, KEY_OBJECT, { value: keyObject });
    Object.freeze(this);
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [inspect.custom](): string {
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
  return new OpaqueSigningKey(createSecretKey(secret, 'utf8'));
};

/** Takes the key out of its wrapper, for the HMAC alone. Internal: not exported by the package. */
export const keyObjectOf = (key: SigningKey): KeyObject => {
  const keyObject = readKeyObject(key);
  if (keyObject instanceof KeyObject) return keyObject;
  // Not shown: it may be the secret itself.
  throw new ProtocolError(
    'invalid_secret',
    `Key must come from createSigningKey(secret): got ${typeName(key)}.`,
  );
};

const readKeyObject = (key: unknown): unknown => {
  try {
    return (key as { readonly [KEY_OBJECT]?: unknown } | null | undefined)?.[KEY_OBJECT];
  } catch {
    return undefined; // A proxy may throw.
  }
};
