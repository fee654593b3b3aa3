import { createSigningKey, PERMISSIONS } from '@cpg/protocol';
import type { CpgKey } from '../src/keys/key-store.ts';
import { SECRET } from './signed-request.ts';

export const testKey = (overrides: Partial<CpgKey> = {}): CpgKey => ({
  keyId: 'ck_full',
  signingKeys: [createSigningKey(SECRET)],
  permissions: PERMISSIONS,
  rateLimitPerMinute: 600,
  accountId: 'acct_1',
  ...overrides,
});
