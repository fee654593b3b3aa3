import demoKeys from '@cpg/conformance/demo-keys.json' with { type: 'json' };
import { IP_EDGES } from '@cpg/conformance/src/server/cases/ip-edge-cases.ts';
import { PERMISSIONS } from '@cpg/protocol';
import type { ServerKey } from './server-parts.ts';

const key = (
  role: Exclude<keyof typeof demoKeys, 'only' | 'odd' | 'withdrawal'>,
  fields: Partial<ServerKey> = {},
): ServerKey => ({
  permissions: PERMISSIONS,
  limit: 100_000,
  isRevoked: false,
  whitelist: [],
  account: 'demo',
  keyId: demoKeys[role].keyId,
  secret: demoKeys[role].secret,
  ...fields,
});

/** The demo keys, with their permissions and limits. */
export const SERVER_KEYS: readonly ServerKey[] = [
  key('full'),
  key('readonly', { permissions: ['read_balance'] }),
  key('noperm', { permissions: [] }),
  key('revoked', { isRevoked: true }),
  key('ipListed', { whitelist: ['203.0.113.0/24'] }),
  key('slowA', { permissions: ['read_balance'], limit: demoKeys.slowA.rateLimitPerMinute }),
  key('slowB', { permissions: ['read_balance'], limit: demoKeys.slowB.rateLimitPerMinute }),
  key('other', { account: 'other' }),
  key('ipEdges', { whitelist: IP_EDGES }),
  ...Object.values(demoKeys.odd).map((odd) => key('full', odd)),
  ...Object.entries(demoKeys.only).map(([permission, single]) =>
    key('full', { ...single, permissions: [permission] }),
  ),
];
