import { describe, expect, it } from 'vitest';
import { depositConfirmed, depositDetected, depositEventData, depositSwept } from './deposit-event.ts';

const data = {
  deposit_request_id: 3,
  user_identifier: 'user-1',
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  currency: 'USDT',
  network: 'ETH',
  amount: '25.000000',
  tx_hash: '0xabc',
  confirmations: 0,
  block_number: null,
};

describe('depositEventData', () => {
  it('reads the data of the contract', () => {
    expect(depositEventData.parse(data)).toEqual(data);
  });

  it.each(Object.keys(data))('needs %s', (name) => {
    expect(depositEventData.safeParse({ ...data, [name]: undefined }).success).toBe(false);
  });

  it('refuses an amount with an exponent', () => {
    expect(depositEventData.safeParse({ ...data, amount: '1e2' }).success).toBe(false);
  });
});

it.each([
  ['deposit.detected', depositDetected],
  ['deposit.confirmed', depositConfirmed],
  ['deposit.swept', depositSwept],
])('%s is read by its own schema only', (name, schema) => {
  const event = { id: 1, event: name, created_at: '2025-05-17T01:20:00Z', api_version: '1', data };
  expect(schema.parse(event)).toEqual(event);
  expect(schema.safeParse({ ...event, event: 'deposit.other' }).success).toBe(false);
});
