import type { Call } from './client-under-test.ts';
import type { Reply } from './reply.ts';

const WITHDRAWAL = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x1111111111111111111111111111111111111111',
  tx_hash: '0xabc',
};

const DATA: Readonly<Record<Call['operation'], unknown>> = {
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
};

const envelopeOf = (operation: Call['operation']): string => {
  const data = DATA[operation];
  const count = Array.isArray(data) ? { data_count: data.length } : {};
  return JSON.stringify({ success: true, message: 'OK', data, ...count });
};

/** The success that a gateway would answer to an operation. */
export const success = (operation: Call['operation']): Reply => ({
  status: 200,
  body: envelopeOf(operation),
});

/** The same success without a `Date`, so that nothing is learnt about the clock. */
export const timeless = (operation: Call['operation']): Reply => {
  const body = envelopeOf(operation);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return { raw: `${head}Connection: close\r\n\r\n${body}` };
};

/** A refusal in the contract's envelope. */
export const refusal = (
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
