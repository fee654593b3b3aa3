import { SERVER_KEYS } from '../reference/server-keys.ts';
import { compareText, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';
import { without } from './order-mutants.ts';

const lower = (text: string) => text.toLowerCase();

export const KEY_MUTANTS = mutants<ServerParts>('keys', [
  [
    'key-case-blind',
    () => ({ findKey: (keys, id) => SERVER.findKey(keys, lower(id)) }),
    'server-key-id-upper-case',
  ],
  [
    'key-prefix-found',
    () => ({
      findKey: (keys, id) =>
        SERVER.findKey(keys, id) ?? keys.find((k) => id.length > 4 && k.keyId.startsWith(id)),
    }),
    'server-key-id-shortened',
  ],
  [
    'key-unknown-passes',
    () => ({ findKey: (keys, id) => SERVER.findKey(keys, id) ?? keys[0] }),
    'server-key-unknown',
  ],
  [
    'key-unknown-says-so',
    () => ({
      findKey: (keys, id) => {
        const found = SERVER.findKey(keys, id);
        if (found === undefined) throw new Error('unknown key');
        return found;
      },
    }),
    'server-key-faults-look-alike',
  ],
  [
    'key-prototype-found',
    () => ({ findKey: (keys, id) => (id === '__proto__' ? keys[0] : SERVER.findKey(keys, id)) }),
    'server-key-unknown-special-name',
  ],
  [
    'key-revoked-passes',
    () => ({ findKey: (keys, id) => keys.find((k) => k.keyId === id) }),
    'server-key-revoked',
  ],
  [
    'key-revoked-says-so',
    () => ({
      findKey: (keys, id) => {
        const found = keys.find((k) => k.keyId === id);
        if (found?.isRevoked) throw new Error('revoked');
        return found;
      },
    }),
    'server-key-faults-look-alike',
  ],
  [
    'key-id-is-secret',
    () => ({
      findKey: (keys, id) => {
        const found = SERVER.findKey(keys, id);
        return found && { ...found, secret: id };
      },
    }),
    'server-key-secret-is-key-id',
    'server-accept-no-query',
  ],
  [
    'key-secret-trimmed',
    () => ({ compare: compareText, key: (secret) => secret.subarray(0, -1) }),
    'server-key-secret-trimmed',
  ],
  [
    'key-secret-with-line-feed',
    () => ({ key: (secret) => Buffer.concat([secret, Buffer.from('\n')]) }),
    'server-key-secret-extended',
  ],
  [
    'key-any-live-secret',
    anyLiveSecret(),
    'server-key-secret-of-another',
    'server-tamper-key-id',
    'server-replay-wrong-key-first',
  ],
]);

/** Accepts a signature by the secret of any key. */
function anyLiveSecret(): () => Partial<ServerParts> {
  return () => ({
    findKey: (keys, id) => {
      const found = SERVER.findKey(keys, id);
      return found && { ...found, secret: `any of ${keys.length}` };
    },
    key: (secret) => secret,
    mac: (_key, canonical) => canonical,
    compare: (canonical, received) =>
      LIVE_SECRETS.some((secret) => compareText(SERVER.mac(Buffer.from(secret), canonical), received)),
  });
}

const LIVE_SECRETS = SERVER_KEYS.filter(({ isRevoked }) => !isRevoked).map(({ secret }) => secret);

/** One permission that implies others. */
const implying =
  (held: string, ...implied: readonly string[]) =>
  (): Partial<ServerParts> => ({
    hasPermission: ({ permissions }, permission) =>
      permissions.includes(permission) || (permissions.includes(held) && implied.includes(permission)),
  });

/** Routes other spellings of a path too, and looks the permission up by the path as it was sent. */
const routing = (respell: (path: string) => string) => (): Partial<ServerParts> => {
  let isRespelt = false;
  return {
    routed: (path) => {
      isRespelt = respell(path) !== path;
      return respell(path);
    },
    hasPermission: (key, permission) => isRespelt || key.permissions.includes(permission),
  };
};

const SPELLINGS: readonly (readonly [id: string, respell: (path: string) => string])[] = [
  ['trailing-slash', (path) => path.replace(/\/$/, '')],
  ['slashes-merged', (path) => path.replace(/\/+/g, '/')],
  ['dots-resolved', (path) => new URL(path, 'http://host').pathname],
  ['decoded', (path) => decodeURIComponent(path.replace(/%(?![0-9a-f]{2})/gi, '%25'))],
  ['lower-case', (path) => path.toLowerCase()],
  ['parameters', (path) => path.replace(/;[^/]*/g, '')],
  ['suffix', (path) => path.replace(/\.json$/, '')],
  ['by-its-end', (path) => path.replace(/.*(\/balances)$/, '/v1$1')],
];

export const PERMISSION_MUTANTS = mutants<ServerParts>('permission', [
  ...SPELLINGS.map(
    ([id, respell]) =>
      [`permission-bypassed-by-${id}`, routing(respell), 'server-permission-other-spellings'] as const,
  ),
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
    () => ({ reject: (a, step) => (step === 'permission' ? { ...a, message: 'Forbidden' } : a) }),
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
