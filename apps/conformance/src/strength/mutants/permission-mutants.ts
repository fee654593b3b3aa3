import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';
import { without } from './order-alterations.ts';

export const PERMISSION_MUTANTS = mutants<ServerParts>('permission', [
  [
    'permission-ignored',
    without('permission'),
    'server-permission-none-balances-list',
    'server-permission-readonly-withdrawals-create',
    'server-syntax-permission-first',
  ],
  [
    'permission-any',
    () => ({ hasPermission: (key) => key.permissions.length > 0 }),
    'server-permission-readonly-withdrawals-create',
    'server-permission-readonly-currencies-list',
  ],
  [
    'permission-writes-only',
    () => ({
      hasPermission: (key, permission, method) => method === 'GET' || key.permissions.includes(permission),
    }),
    'server-permission-none-balances-list',
    'server-permission-readonly-transactions-list',
  ],
  [
    'permission-reads-only',
    () => ({
      hasPermission: (key, permission, method) => method === 'POST' || key.permissions.includes(permission),
    }),
    'server-permission-readonly-withdrawals-create',
    'server-permission-none-depositaddresses-create',
  ],
  [
    'permission-read-for-all-reads',
    () => ({
      hasPermission: (key, permission, method) =>
        key.permissions.includes(permission) ||
        (method === 'GET' && key.permissions.includes('read_balance')),
    }),
    'server-permission-readonly-withdrawals-get',
    'server-permission-readonly-depositrequests-get',
    'server-permission-readonly-hotwallet-get',
  ],
  [
    'permission-withdraw-needs-all',
    () => ({
      hasPermission: (key, permission, method) =>
        method === 'POST' ? key.permissions.length > 8 : key.permissions.includes(permission),
    }),
    'server-permission-full-withdrawals-create',
    'server-permission-full-depositaddresses-create',
  ],
  [
    'permission-unnamed',
    () => ({ refuse: (a, step) => (step === 'permission' ? { ...a, message: 'Forbidden' } : a) }),
    'server-permission-none-balances-list',
  ],
  [
    'permission-full-lacks-reads',
    () => ({
      hasPermission: (key, permission, method) => method !== 'GET' && key.permissions.includes(permission),
    }),
    'server-permission-full-balances-list',
    'server-permission-readonly-balances-list',
  ],
]);
