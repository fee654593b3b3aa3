import { describe, expect, it } from 'vitest';
import {
  withdrawalBroadcasted,
  withdrawalConfirmed,
  withdrawalEventData,
  withdrawalFailed,
} from './withdrawal-event.ts';

const data = {
  withdrawal_id: 9,
  client_reference: null,
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100.000000',
  fee: '5.000000',
  status: 'failed',
  tx_hash: null,
  error_message: 'Rejected by the network',
};

describe('withdrawalEventData', () => {
  it('reads the data of the contract, and a status of a later version', () => {
    expect(withdrawalEventData.parse(data)).toEqual(data);
    expect(withdrawalEventData.parse({ ...data, status: 'replaced' }).status).toBe('replaced');
  });

  it.each(Object.keys(data))('needs %s', (name) => {
    expect(withdrawalEventData.safeParse({ ...data, [name]: undefined }).success).toBe(false);
  });

  it.each(['amount', 'fee'])('refuses %s with an exponent', (name) => {
    expect(withdrawalEventData.safeParse({ ...data, [name]: '1e2' }).success).toBe(false);
  });
});

it.each([
  ['withdrawal.broadcasted', withdrawalBroadcasted],
  ['withdrawal.confirmed', withdrawalConfirmed],
  ['withdrawal.failed', withdrawalFailed],
])('%s is read by its own schema only', (name, schema) => {
  const event = { id: 1, event: name, created_at: '2025-05-17T01:20:00Z', api_version: '1', data };
  expect(schema.parse(event)).toEqual(event);
  expect(schema.safeParse({ ...event, event: 'withdrawal.other' }).success).toBe(false);
});
