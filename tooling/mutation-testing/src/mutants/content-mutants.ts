import { type Arrived, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

type Data = Readonly<Record<string, unknown>>;

const shaping = (wanted: string, change: (data: Data) => object) => (): Partial<ServerParts> => ({
  shape: (name, data) => (name === wanted ? change(data as Data) : data),
});

const without = (wanted: string, field: string) => shaping(wanted, ({ [field]: _left, ...others }) => others);

const changed = (wanted: string, field: string, change: (value: unknown) => unknown) =>
  shaping(wanted, (data) => ({ ...data, [field]: change(data[field]) }));

/** Some fields of each response, any of which may be missing. */
const FIELDS: readonly (readonly [name: string, killedBy: string, ...fields: string[]])[] = [
  ['balances.list', 'fields-balances', 'held'],
  ['currencies.list', 'fields-currencies', 'name', 'contract_address', 'min_deposit_amount', 'is_token'],
  ['transactions.list', 'fields-transactions', 'id', 'block_number', 'confirmed_at'],
  ['withdrawals.create', 'fields-withdrawal-created', 'tx_hash', 'network'],
  ['withdrawals.get', 'fields-withdrawal', 'error_message', 'tx_hash', 'broadcast_at'],
  ['depositAddresses.create', 'fields-deposit-address', 'request_id', 'contract_address', 'user_identifier'],
  ['depositRequests.get', 'fields-deposit-request', 'status', 'transactions', 'display_expires_at'],
  ['hotWallet.get', 'fields-hot-wallet', 'network', 'address'],
];

const filtering = (matches: ServerParts['matches']) => (): Partial<ServerParts> => ({ matches });

const like = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.*+?^$()|[\]{}\\]/g, '\\$&')
      .replaceAll('%', '.*')
      .replaceAll('_', '.')}$`,
    'i',
  );

const isSame = SERVER.matches;

const crashing = (isBad: (body: unknown) => boolean) => (): Partial<ServerParts> => ({
  fields: (body) => {
    if (isBad(body)) throw new TypeError('not an object');
    return body;
  },
});

const depth = (value: unknown): number => {
  let levels = 0;
  for (let each = value; typeof each === 'object' && each !== null; each = Object.values(each)[0]) levels++;
  return levels;
};

const anyField =
  (isBad: (value: unknown) => boolean) =>
  (body: unknown): boolean =>
    typeof body === 'object' && body !== null && Object.values(body).some(isBad);

/** A server that looks an id up before it checks the permission. */
const lookingUpFirst = (isUnknown: (id: string) => boolean) => (): Partial<ServerParts> => {
  let last: Arrived | undefined;
  return {
    arrive: (request) => {
      last = request;
      return request;
    },
    reject: (rejection, step) => {
      const id = /\/([^/?]*)(?:\?|$)/.exec(last?.target ?? '')?.[1] ?? '';
      return step === 'permission' && isUnknown(id) ? { status: 404, message: 'Not found' } : rejection;
    },
  };
};

export const CONTENT_MUTANTS = mutants<ServerParts>('content', [
  ...FIELDS.flatMap(([name, killedBy, ...fields]) =>
    fields.map(
      (field) =>
        [
          `${name.toLowerCase().replace('.', '-')}-without-${field.replaceAll('_', '-')}`,
          without(name, field),
          `server-${killedBy}`,
        ] as const,
    ),
  ),
  [
    'currencies-minimum-short',
    changed('currencies.list', 'min_withdrawal_amount', (text) => String(text).replace(/0+$/, '')),
    'server-fields-currencies',
  ],
  ['currencies-decimals-as-text', changed('currencies.list', 'decimals', String), 'server-fields-currencies'],
  [
    'deposit-request-time-with-z',
    changed('depositRequests.get', 'created_at', () => '2026-01-31T12:00:00Z'),
    'server-fields-deposit-request',
  ],
  [
    'deposit-request-other-address',
    changed('depositRequests.get', 'address', () => '0x1'),
    'server-fields-deposit-request',
  ],
  [
    'deposit-request-id-as-text',
    changed('depositAddresses.create', 'request_id', String),
    'server-fields-deposit-address',
  ],
  [
    'hot-wallet-network-echoed',
    changed('hotWallet.get', 'network', (network) => String(network).toLowerCase()),
    'server-fields-hot-wallet',
  ],
  [
    'transactions-amount-as-number',
    changed('transactions.list', 'amount_decimal', Number),
    'server-fields-transactions',
  ],
  ['transactions-not-paginated', () => ({ page: () => ({}) }), 'server-fields-transactions'],
  [
    'balances-paginated',
    () => ({ page: () => ({ next_cursor: null, has_more: false }) }),
    'server-collections-not-paginated',
  ],
  ['length-in-characters', () => ({ length: (text) => text.length }), 'server-syntax-schema-text'],
  [
    'message-in-ascii',
    () => ({ envelope: (message) => ({ success: false, message: message.replace(/[^ -~]/g, '?') }) }),
    'server-syntax-schema-text',
  ],
  ['date-missing', () => ({ headers: () => ({ date: undefined }) }), 'server-date-header'],
  ['date-iso-8601', () => ({ headers: () => ({ date: new Date().toISOString() }) }), 'server-date-header'],
  [
    'date-missing-on-errors',
    () => ({ headers: (status) => (status === 200 ? {} : { date: undefined }) }),
    'server-date-header',
  ],
  [
    'id-looked-up-before-permission',
    lookingUpFirst((id) => /^9{5,}/.test(id)),
    'server-permission-before-id',
  ],
  [
    'id-checked-before-permission',
    lookingUpFirst((id) => !/^[1-9][0-9]*$/.test(id)),
    'server-permission-before-id',
  ],
]);

export const FILTER_MUTANTS = mutants<ServerParts>('balances', [
  [
    'filter-not-decoded',
    () => ({ filters: (query) => query.replaceAll('%', '%25') }),
    'server-balances-filter-encoded',
  ],
  [
    'filter-decoded-twice',
    () => ({ filters: (query) => query.replaceAll('%25', '%') }),
    'server-balances-filter-encoded',
  ],
  [
    'filter-folded-beyond-ascii',
    () => ({ matches: (wanted, own) => wanted.toUpperCase() === own }),
    'server-balances-filter-folding',
  ],
  [
    'filter-by-prefix',
    filtering((wanted, own) => own.toLowerCase().startsWith(wanted.toLowerCase())),
    'server-balances-filter-exact-currency',
    'server-balances-filter-exact-network',
  ],
  [
    'filter-by-part',
    filtering((wanted, own) => own.toLowerCase().includes(wanted.toLowerCase())),
    'server-balances-filter-exact-network',
  ],
  [
    'filter-by-longer',
    filtering((wanted, own) => wanted.toLowerCase().startsWith(own.toLowerCase())),
    'server-balances-filter-exact-currency',
  ],
  [
    'filter-by-like',
    filtering((wanted, own) => like(wanted).test(own)),
    'server-balances-filter-exact-currency',
  ],
  [
    'filter-trimmed',
    filtering((wanted, own) => isSame(wanted.trim(), own)),
    'server-balances-filter-exact-currency',
  ],
  [
    'filter-by-list',
    filtering((wanted, own) => wanted.split(',').some((each) => isSame(each, own))),
    'server-balances-filter-exact-currency',
  ],
  [
    'filter-wildcard',
    filtering((wanted, own) => wanted === '*' || isSame(wanted, own)),
    'server-balances-filter-exact-currency',
  ],
  [
    'filter-cut-at-nul',
    () => ({ filters: (query) => query.replace(/%00[^&]*/g, '') }),
    'server-balances-filter-suspicious',
  ],
  [
    'filter-line-end-trimmed',
    filtering((wanted, own) => isSame(wanted.replace(/\n$/, ''), own)),
    'server-balances-filter-suspicious',
  ],
  [
    'filter-nul-is-500',
    () => ({
      filters: (query) => {
        if (query.includes('%00')) throw new Error('invalid byte sequence');
        return query;
      },
    }),
    'server-balances-filter-suspicious',
  ],
]);

export const SYNTAX_MUTANTS = mutants<ServerParts>('body', [
  ['body-list-is-500', crashing(Array.isArray), 'server-syntax-no-object'],
  ['body-null-is-500', crashing((body) => body === null), 'server-syntax-no-object'],
  [
    'body-no-object-is-400',
    () => ({
      fields: (body) => {
        if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new SyntaxError();
        return body;
      },
    }),
    'server-syntax-no-object',
  ],
  ['body-list-as-text-is-500', crashing(anyField(Array.isArray)), 'server-syntax-odd-bodies'],
  ['body-deep-is-500', crashing((body) => depth(body) > 1_000), 'server-syntax-odd-bodies'],
  [
    'body-nul-is-500',
    crashing(anyField((value) => typeof value === 'string' && value.includes('\0'))),
    'server-syntax-odd-bodies',
  ],
  ['body-infinite-is-500', crashing(anyField((value) => value === Infinity)), 'server-syntax-odd-bodies'],
]);
