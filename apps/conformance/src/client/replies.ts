import type { ExpectedRejection } from '../core/rejections.ts';
import type { Reply } from './capture-server.ts';
import type { Call } from './client-under-test.ts';

const WITHDRAWAL = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x1111111111111111111111111111111111111111',
  tx_hash: '0xabc',
};

/** The data of the success of each operation. */
export const DATA = {
  ping: { pong: true },
  'balances.list': [
    {
      currency: 'USDT',
      network: 'ETH',
      balance: '1500.000000',
      held: '200.000000',
      available: '1300.000000',
    },
  ],
  'transactions.list': [
    {
      ...WITHDRAWAL,
      id: 9,
      direction: 'withdrawal',
      status: 'confirmed',
      from_address: null,
      amount_decimal: '100.000000',
      confirmations: 12,
      block_number: 19000000,
      created_at: '2026-01-01T00:00:00+00:00',
      confirmed_at: '2026-01-01T00:00:09+00:00',
    },
  ],
  'withdrawals.create': {
    ...WITHDRAWAL,
    withdrawal_id: 41,
    status: 'broadcasted',
    amount_decimal: '100.000000',
    fee_decimal: '5.000000',
  },
  'withdrawals.get': {
    ...WITHDRAWAL,
    id: 41,
    amount: '100.000000',
    fee: '5.000000',
    status: 'confirmed',
    error_message: null,
    requested_at: '2026-01-01T00:00:00+00:00',
    broadcast_at: '2026-01-01T00:00:01+00:00',
    confirmed_at: '2026-01-01T00:00:09+00:00',
  },
} as const satisfies Readonly<Record<Call['operation'], unknown>>;

const LAST_PAGE = { next_cursor: null, has_more: false };

/** The success envelope of an operation. */
export const createEnvelope = (operation: Call['operation'], data: unknown = DATA[operation]): string => {
  const count = Array.isArray(data) ? { data_count: data.length } : {};
  const page = operation === 'transactions.list' ? LAST_PAGE : {};
  return JSON.stringify({ success: true, message: 'OK', data, ...count, ...page });
};

/** A gateway's success response to an operation. */
export const success = (operation: Call['operation']): Reply => ({
  status: 200,
  body: createEnvelope(operation),
});

/** A response without a `Date`, which could change the clock offset. */
const encodeUndated = (status: number, body: string): Reply => ({
  raw: `HTTP/1.1 ${status} Response\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
});

/** A success without a `Date`. */
export const timeless = (operation: Call['operation']): Reply =>
  encodeUndated(200, createEnvelope(operation));

/** A rejection without a `Date`. */
export const timelessRejection = ({ status, message }: ExpectedRejection): Reply =>
  encodeUndated(status, JSON.stringify({ success: false, message }));

/** A rejection in the error envelope. */
export const rejection = (
  { status, message }: { readonly status: number; readonly message: string },
  headers: Readonly<Record<string, string>> = {},
): Reply => ({ status, headers, body: JSON.stringify({ success: false, message }) });

/** The body of a withdrawal, without an idempotency reference. */
export const WITHDRAWAL_ARGS = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x1111111111111111111111111111111111111111',
  amount: '100',
} as const;
