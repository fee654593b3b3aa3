import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createSigningKey, type Permission } from '@cpg/protocol';
import type { CpgKey } from '@cpg/server-middleware';
import { testKey } from './fixtures.ts';

/** The folder of the conformance suite. */
export const SUITE = fileURLToPath(new URL('../../../../apps/conformance/', import.meta.url));

const ROLES: Readonly<Record<string, Partial<CpgKey>>> = {
  full: {},
  readonly: { permissions: ['read_balance'] },
  noperm: { permissions: [] },
  revoked: { revoked: true },
  ipListed: { sourceIps: ['203.0.113.0/24'] },
  slowA: { rateLimitPerMinute: 5, permissions: ['read_balance'] },
  slowB: { rateLimitPerMinute: 5, permissions: ['read_balance'] },
  other: { accountId: 'acct_2' },
};

interface SuiteKey {
  readonly keyId: string;
  readonly secret: string;
}

/** The keys that the suite expects a server to know: by role, and one for each permission. */
export const readSuiteKeys = (): CpgKey[] => {
  const {
    only,
    odd,
    withdrawal: _terms,
    ...roles
  } = JSON.parse(readFileSync(`${SUITE}demo-keys.json`, 'utf8'));
  const createKey = ({ keyId, secret }: SuiteKey, differences: Partial<CpgKey> = {}) =>
    testKey({ keyId, signingKeys: [createSigningKey(secret)], ...differences });
  return [
    ...Object.entries<SuiteKey>(roles).map(([role, key]) => createKey(key, ROLES[role])),
    ...Object.entries<SuiteKey>(only).map(([name, key]) =>
      createKey(key, { permissions: [name as Permission] }),
    ),
    ...Object.values<SuiteKey>(odd).map((key) => createKey(key)),
  ];
};
