import { connect, createServer, type Server, type Socket } from 'node:net';
import { WITHDRAWAL_BODY } from '@cpg/test-support/client/fixtures';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CpgClient } from './client.ts';
import { sumAvailable } from './resources/account.ts';

const CREDENTIALS = { keyId: 'ck_demo_full', secret: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION' };

/**
 * Forwards bytes to the gateway. While `losing`, closes the connection instead of returning a response.
 */
class LossyWire {
  losing = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(gatewayUrl: string) {
    const port = Number(new URL(gatewayUrl).port);
    this.#server = createServer((client) => {
      const gateway = connect(port, '127.0.0.1');
      for (const socket of [client, gateway]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
      }
      client.pipe(gateway);
      gateway.on('data', (response) => {
        if (this.losing === 0) return void client.write(response);
        this.losing -= 1;
        client.destroy();
        gateway.destroy();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('a lost response of the real gateway', () => {
  let stopAll = async (): Promise<void> => undefined;
  let wire: LossyWire;
  let client: CpgClient;

  beforeAll(async () => {
    const gateway = await startBuiltGateway({ CPG_CHAIN_SETTLE_SECONDS: '0' });
    wire = new LossyWire(gateway.url);
    client = new CpgClient({ ...CREDENTIALS, baseUrl: await wire.start() });
    stopAll = async () => {
      client.close();
      await wire.stop();
      await gateway.stop();
    };
  });
  afterAll(() => stopAll());

  const readAvailable = async (): Promise<string> => {
    const { data } = await client.balances.list({ currency: 'USDT', network: 'ETH' });
    return sumAvailable(data, { currency: 'USDT' }).toFixed(6);
  };

  it('does not pay twice: the repeat is the same withdrawal', async () => {
    expect(await readAvailable()).toBe('1300.000000');
    wire.losing = 2;
    const { result, response } = await client.withdrawals.create(WITHDRAWAL_BODY).withResponse();
    expect(response.attempts).toBe(3);
    expect(result.data.amount_decimal).toBe('100.000000');
    // 100 plus the fee of 5, once.
    expect(await readAvailable()).toBe('1195.000000');
  });

  it('ignores the parameter of identical reads', async () => {
    const read = () => client.transactions.list({ limit: 5, direction: 'withdrawal' }).withResponse();
    const pages = await Promise.all([read(), read(), read()]);
    expect(pages.map(({ response }) => response.attempts)).toEqual([1, 1, 1]);
    const [ids, ...others] = pages.map(({ result }) => result.data.map(({ id }) => id));
    expect(ids?.length).toBeGreaterThan(0);
    expect(others).toEqual([ids, ids]);
    const withParameter = await Promise.all([
      client.balances.list(),
      client.balances.list(),
      client.ping(),
      client.ping(),
    ]);
    expect(withParameter[1]).toEqual(withParameter[0]);
  });

  it('is an unknown outcome when all responses are lost; repeating with the reference reveals it', async () => {
    const before = await readAvailable();
    wire.losing = 1;
    const error: unknown = await client.withdrawals
      .create({ ...WITHDRAWAL_BODY, amount: '50' }, { maxRetries: 0 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    const { idempotencyReference: client_reference } = error as { readonly idempotencyReference: string };
    const { data } = await client.withdrawals.create({ ...WITHDRAWAL_BODY, amount: '50', client_reference });
    expect(data.amount_decimal).toBe('50.000000');
    expect(Number(before) - Number(await readAvailable())).toBe(55);
  });
});
