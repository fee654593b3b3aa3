import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';
import { without } from './order-alterations.ts';

/** One permission that brings others with it. */
const implying =
  (held: string, ...implied: readonly string[]) =>
  (): Partial<ServerParts> => ({
    hasPermission: ({ permissions }, permission) =>
      permissions.includes(permission) || (permissions.includes(held) && implied.includes(permission)),
  });

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
  [
    'permission-withdraw-brings-status',
    implying('withdraw', 'read_withdrawal_status'),
    'server-permission-only-withdraw',
  ],
  [
    'permission-status-brings-withdraw',
    implying('read_withdrawal_status', 'withdraw'),
    'server-permission-only-read-withdrawal-status',
  ],
  [
    'permission-deposit-brings-status',
    implying('request_deposit_address', 'read_deposit_status'),
    'server-permission-only-request-deposit-address',
  ],
  [
    'permission-status-brings-deposit',
    implying('read_deposit_status', 'request_deposit_address'),
    'server-permission-only-read-deposit-status',
  ],
  [
    'permission-lists-bring-each-other',
    ({ hasPermission }) => ({
      hasPermission: ({ permissions, ...key }, permission, method) =>
        hasPermission(
          { ...key, permissions: permissions.map((p) => p.replace(/^list_.*/, 'list')) },
          permission.replace(/^list_.*/, 'list'),
          method,
        ),
    }),
    'server-permission-only-list-currencies',
    'server-permission-only-list-transactions',
  ],
  [
    'permission-balance-brings-currencies',
    implying('read_balance', 'list_currencies'),
    'server-permission-only-read-balance',
    'server-permission-readonly-currencies-list',
  ],
  [
    'permission-funding-brings-withdraw',
    implying('request_withdrawal_funding_address', 'withdraw'),
    'server-permission-only-request-withdrawal-funding-address',
  ],
]);
