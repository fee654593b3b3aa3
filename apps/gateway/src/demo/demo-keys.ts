import { PERMISSIONS } from '@cpg/protocol';
import type { NewApiKey } from '../keys/create-api-key.ts';
import { DEMO_ACCOUNTS } from '../ledger/accounts.ts';

export const [DEMO_ACCOUNT, OTHER_ACCOUNT] = DEMO_ACCOUNTS;

const demoKey = (name: string, differences: Partial<NewApiKey> = {}): NewApiKey => ({
  keyId: `ck_demo_${name}`,
  secret: `cpg-demo-${name.replaceAll('_', '-')}-DO-NOT-USE-IN-PRODUCTION`,
  accountId: DEMO_ACCOUNT,
  permissions: PERMISSIONS,
  rateLimitPerMinute: 600,
  ...differences,
});

/** The demo keys, the same in every sandbox; published, so worth nothing. */
export const DEMO_KEYS: readonly NewApiKey[] = [
  demoKey('full'),
  demoKey('readonly', { permissions: ['read_balance'] }),
  demoKey('noperm', { permissions: [] }),
  demoKey('revoked', { revokedAt: new Date(0) }),
  demoKey('iplisted', { sourceIps: ['203.0.113.0/24'] }),
  demoKey('ip_edges', {
    sourceIps: ['192.0.2.1', '198.51.100.64/26', '2001:db8:1::/48', '2001:db8:2::7', '::ffff:203.0.113.9'],
  }),
  demoKey('slow_a', { permissions: ['read_balance'], rateLimitPerMinute: 5 }),
  demoKey('slow_b', { permissions: ['read_balance'], rateLimitPerMinute: 5 }),
  demoKey('other', { accountId: OTHER_ACCOUNT }),
];

/** One key for each permission, which has that one only; for the conformance suite, which tries every one on every route. */
export const SINGLE_PERMISSION_KEYS: readonly NewApiKey[] = PERMISSIONS.map((permission) =>
  demoKey(`only_${permission}`, { permissions: [permission] }),
);
