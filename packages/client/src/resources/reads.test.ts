import { afterEach, describe, expect, it } from 'vitest';
import { ok } from '../../test-support/raw-answer.ts';
import { startPair, stopAll } from '../../test-support/start-pair.ts';
import type { CpgClient } from '../cpg-client.ts';

afterEach(stopAll);

const currency = {
  currency: 'USDT',
  network: 'ETH',
  name: 'Tether USD',
  is_token: true,
  contract_address: '0xdac17f958d2ee523a2206206994597c13d831ec7',
  decimals: 6,
  deposit_enabled: true,
  withdrawal_enabled: true,
  min_deposit_amount: '1.000000000000000000',
  min_withdrawal_amount: '10.000000000000000000',
  withdrawal_fee_flat: '5.000000000000000000',
  withdrawal_fee_percent: '0.000000',
};

describe('reads', () => {
  it.each<[string, (client: CpgClient) => PromiseLike<{ data: unknown }>, string, unknown]>([
    ['currencies.list', (client) => client.currencies.list(), '/v1/currencies', [currency]],
    [
      'hotWallet.get',
      (client) => client.hotWallet.get({ network: 'eth' }),
      '/v1/hot-wallet-address?network=eth',
      { network: 'ETH', address: '0x1' },
    ],
    [
      'depositRequests.get',
      (client) => client.depositRequests.get(42n),
      '/v1/deposit-requests/42',
      {
        request_id: 42,
        address: '0x1',
        network: 'ETH',
        currency: 'USDT',
        user_identifier: 'user-1',
        status: 'expired',
        display_expires_at: '2025-05-17T03:00:00+00:00',
        created_at: '2025-05-17T00:00:00+00:00',
        transactions: [],
      },
    ],
  ])('%s', async (_, call, target, data) => {
    const { server, client } = await startPair((socket) => ok(socket, data));
    expect((await call(client)).data).toEqual(data);
    expect(server.requests[0]?.requestLine).toBe(`GET ${target} HTTP/1.1`);
  });
});
