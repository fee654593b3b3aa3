import { randomUUID } from 'node:crypto';
import { createSigningKey, verify } from '@cpg/protocol';
import { MOST_SIGNING_KEYS } from '../keys/assert-usable-key.ts';
import type { CpgKey } from '../keys/cpg-key.ts';

/** A key that nobody holds, for the work that no key is there for. */
export const DECOY = createSigningKey(randomUUID());

/**
 * Whether one of the key's live secrets made this signature. A refusal always costs the same number of HMACs and
 * comparisons: what an unknown key, a revoked one or one with a single secret lacks, a decoy makes up. Contract §2.
 */
export const checkSignature = (key: CpgKey | undefined, canonical: string, signature: string): boolean => {
  const candidates = key === undefined || key.revoked === true ? [] : key.signingKeys;
  for (let attempt = 0; attempt < MOST_SIGNING_KEYS; attempt += 1) {
    const candidate = candidates[attempt];
    if (verify(candidate ?? DECOY, canonical, signature) && candidate !== undefined) return true;
  }
  return false;
};
