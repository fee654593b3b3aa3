import { DECIMAL } from './balances.ts';
import { expectRejected, type ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/;

const isText = (value: unknown): boolean => typeof value === 'string';
const isMatch =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value);
const orNull =
  (is: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || is(value);
const isTime = isMatch(TIME);
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

/** What a field holds, and whether a value does. */
const KINDS = {
  'a text': isText,
  'a text or null': orNull(isText),
  'a decimal string': isMatch(DECIMAL),
  'a decimal string of 18 places': isMatch(/^(?:0|[1-9]\d*)\.\d{18}$/),
  'a decimal string of 6 places': isMatch(/^(?:0|[1-9]\d*)\.\d{6}$/),
  'an integer': Number.isSafeInteger,
  'an integer or null': orNull(Number.isSafeInteger),
  'true or false': isBoolean,
  'a time such as 2026-01-31T12:00:00+00:00': isTime,
  'a time such as 2026-01-31T12:00:00+00:00, or null': orNull(isTime),
  'a list': Array.isArray,
} as const satisfies Readonly<Record<string, (value: unknown) => boolean>>;

type Fields = Readonly<Record<string, keyof typeof KINDS>>;

const TIMES = 'a time such as 2026-01-31T12:00:00+00:00';
const TIMES_OR_NULL = 'a time such as 2026-01-31T12:00:00+00:00, or null';

/** The fields of every response. Independent of @cpg/protocol, like the rejections. */
const FIELDS = {
  balance: {
    currency: 'a text',
    network: 'a text',
    balance: 'a decimal string',
    held: 'a decimal string',
    available: 'a decimal string',
  },
  currency: {
    currency: 'a text',
    network: 'a text',
    name: 'a text',
    is_token: 'true or false',
    contract_address: 'a text or null',
    decimals: 'an integer',
    deposit_enabled: 'true or false',
    withdrawal_enabled: 'true or false',
    min_deposit_amount: 'a decimal string of 18 places',
    min_withdrawal_amount: 'a decimal string of 18 places',
    withdrawal_fee_flat: 'a decimal string of 18 places',
    withdrawal_fee_percent: 'a decimal string of 6 places',
  },
  transaction: {
    id: 'an integer',
    tx_hash: 'a text',
    direction: 'a text',
    status: 'a text',
    currency: 'a text',
    network: 'a text',
    from_address: 'a text or null',
    to_address: 'a text',
    amount_decimal: 'a decimal string',
    confirmations: 'an integer',
    block_number: 'an integer or null',
    created_at: TIMES,
    confirmed_at: TIMES_OR_NULL,
  },
  created: {
    withdrawal_id: 'an integer',
    status: 'a text',
    tx_hash: 'a text',
    network: 'a text',
    currency: 'a text',
    to_address: 'a text',
    amount_decimal: 'a decimal string',
    fee_decimal: 'a decimal string',
  },
  withdrawal: {
    id: 'an integer',
    currency: 'a text',
    network: 'a text',
    to_address: 'a text',
    amount: 'a decimal string',
    fee: 'a decimal string',
    status: 'a text',
    tx_hash: 'a text or null',
    error_message: 'a text or null',
    requested_at: TIMES,
    broadcast_at: TIMES_OR_NULL,
    confirmed_at: TIMES_OR_NULL,
  },
  depositAddress: {
    request_id: 'an integer',
    address: 'a text',
    network: 'a text',
    currency: 'a text',
    contract_address: 'a text or null',
    user_identifier: 'a text or null',
    display_expires_at: TIMES,
    created_at: TIMES,
  },
  depositRequest: {
    request_id: 'an integer',
    address: 'a text',
    network: 'a text',
    currency: 'a text',
    user_identifier: 'a text or null',
    status: 'a text',
    display_expires_at: TIMES,
    created_at: TIMES,
    transactions: 'a list',
  },
  hotWallet: { network: 'a text', address: 'a text' },
  page: { next_cursor: 'an integer or null', has_more: 'true or false', data_count: 'an integer' },
} as const satisfies Readonly<Record<string, Fields>>;

export type FieldsOf = keyof typeof FIELDS;

/** Expects every field of such an object, each of its kind. Wire protocol §3, §4. */
export const expectFields = ({ check }: ServerUnderTest, what: FieldsOf, data: unknown): void => {
  const row = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
  for (const [name, kind] of Object.entries(FIELDS[what]))
    check.that(KINDS[kind](row[name]), {
      what: `${name} of ${what}`,
      expected: kind,
      actual: Object.hasOwn(row, name) ? JSON.stringify(row[name]) : 'no such field',
    });
};

/** Expects a 422 about this field, with any reason. */
export const expectInvalidField = (
  { check }: ServerUnderTest,
  response: ServerResponse,
  field: string,
): void => {
  const { message } = (response.json ?? {}) as { readonly message?: unknown };
  check.that(String(message).startsWith(`${field}: `), {
    what: 'message',
    expected: `422 ${field}: …`,
    actual: `${response.status} ${String(message)}`,
  });
  expectRejected(check, response, { status: 422, message: String(message) });
};
