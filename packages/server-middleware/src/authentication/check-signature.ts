import { randomUUID } from 'node:crypto';
import { createSigningKey, type SigningKey, verify } from '@cpg/protocol';
import { MAX_SIGNING_KEYS } from '../keys/assert-usable-key.ts';
import type { CpgKey } from '../keys/cpg-key.ts';

/** Stand in for the secrets that a key lacks. Their secrets are random and never leave this process. */
export const DUMMY_KEYS = Array.from({ length: MAX_SIGNING_KEYS }, () => createSigningKey(randomUUID()));

/**
 * Whether one of the key's live secrets made this signature. A rejection always takes the same path, with the same number of
 * HMACs and comparisons: dummy keys stand in for the secrets of an unknown key, of a revoked one, and for a second secret.
 * Wire protocol §2.
 */
export const checkSignature = (key: CpgKey | undefined, canonical: string, signature: string): boolean => {
  const isLive = key !== undefined && key.revoked !== true;
  const candidates = isLive ? key.signingKeys : DUMMY_KEYS;
  for (let attempt = 0; attempt < MAX_SIGNING_KEYS; attempt += 1) {
    const candidate = candidates[attempt];
    const isGenuine = verify(candidate ?? (DUMMY_KEYS[attempt] as SigningKey), canonical, signature);
    if (isGenuine && isLive && candidate !== undefined) return true;
  }
  return false;
};
