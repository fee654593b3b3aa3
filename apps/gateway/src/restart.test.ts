import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { itInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, expect } from 'vitest';

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cpg-restart-'));
});
afterAll(() => rm(dataDir, { recursive: true }));

const requests = [
  [
    '/v1/withdrawals',
    {
      currency: 'USDT',
      network: 'ETH',
      amount: '10',
      to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
      client_reference: 'order-1',
    },
  ],
  ['/v1/deposit-addresses', { currency: 'BTC', network: 'BTC', idempotency_key: 'invoice-1' }],
] as const;

const ask = async (gateway: TestGateway) => {
  const responses = [];
  for (const [target, body] of requests) {
    const { status, body: response } = await gateway.call(target, { method: 'POST', body });
    responses.push({ status, response });
  }
  return responses;
};

itInCi(
  'after a restart the same references get the same responses, and work in flight continues once',
  async () => {
    const first = await startTestGateway({ dataDir });
    const before = await ask(first);
    expect(before.map(({ status }) => status)).toEqual([200, 200]);
    const wallet = (await first.call('/v1/hot-wallet-address?network=ETH')).body;
    await first.close();

    const second = await startTestGateway({ dataDir });
    // The same signatures would be replays, which the ledger recognises after a restart, too.
    expect((await ask(second)).map(({ status }) => status)).toEqual([401, 401]);
    second.clock.freeze(second.clock.now() + 10_000);
    expect(await ask(second)).toEqual(before);
    expect((await second.call('/v1/hot-wallet-address?network=ETH')).body).toEqual(wallet);
    second.clock.freeze(second.clock.now() + 3_000);
    await second.chain.advance();
    const { data } = (await second.call('/v1/balances?currency=USDT&network=ETH')).body;
    await second.close();
    expect(data).toEqual([
      {
        currency: 'USDT',
        network: 'ETH',
        balance: '1485.000000',
        held: '200.000000',
        available: '1285.000000',
      },
    ]);
  },
);
