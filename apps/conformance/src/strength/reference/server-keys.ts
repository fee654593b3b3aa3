import { PERMISSIONS } from '@cpg/protocol';
import demoKeys from '../../../demo-keys.json' with { type: 'json' };
import type { ServerKey } from './server-parts.ts';

const key = (role: keyof typeof demoKeys, fields: Partial<ServerKey> = {}): ServerKey => ({
  permissions: PERMISSIONS,
  limit: 100_000,
  isRevoked: false,
  whitelist: [],
  keyId: demoKeys[role].keyId,
  secret: demoKeys[role].secret,
  ...fields,
});

/** The demo keys, with what each may do. */
export const SERVER_KEYS: readonly ServerKey[] = [
  key('full'),
  key('readonly', { permissions: ['read_balance'] }),
  key('noperm', { permissions: [] }),
  key('revoked', { isRevoked: true }),
  key('ipListed', { whitelist: ['203.0.113.'] }),
  key('slowA', { permissions: ['read_balance'], limit: demoKeys.slowA.rateLimitPerMinute }),
  key('slowB', { permissions: ['read_balance'], limit: demoKeys.slowB.rateLimitPerMinute }),
  key('other'),
];
