import { createHash, createHmac } from 'node:crypto';
import { CpgClient, type CpgClientOptions, type Time } from '@cpg/client';
import { type CapturedRequest, getHeader, type RawHandler, RawServer } from '../raw-server.ts';

export const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
export const CREDENTIALS = { keyId: 'ck_test', secret: SECRET } as const;

export const BALANCE = {
  currency: 'USDT',
  network: 'ETH',
  balance: '1500.000000',
  held: '200.000000',
  available: '1300.000000',
} as const;

export const WITHDRAWAL_BODY = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100.000000',
} as const;

/** The data of the response to {@link WITHDRAWAL_BODY}. */
export const CREATED_WITHDRAWAL = {
  withdrawal_id: 7,
  status: 'broadcasted',
  tx_hash: '0xabc',
  network: 'ETH',
  currency: 'USDT',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount_decimal: '100.000000',
  fee_decimal: '5.000000',
} as const;

/** A row of `transactions.list`. */
export const createTransaction = (id: number) => ({
  id,
  tx_hash: `0x${id}`,
  direction: 'deposit',
  status: 'confirmed',
  currency: 'USDT',
  network: 'ETH',
  from_address: null,
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount_decimal: '1.000000',
  confirmations: 12,
  block_number: null,
  created_at: '2025-05-17T00:00:00+00:00',
  confirmed_at: null,
});

/** 2025-05-17T00:00:30Z in milliseconds: the middle of an epoch minute. */
export const NOW = 1_747_440_030_000;

/** A stopped clock that `sleep` advances without waiting. */
export class FakeTime implements Time {
  readonly sleeps: number[] = [];
  #now: number;

  /** `now`: Unix milliseconds. */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.sleeps.push(milliseconds);
    const wakeAt = this.#now + milliseconds;
    await new Promise((resolve) => setImmediate(resolve));
    this.#now = Math.max(this.#now, wakeAt);
    signal.throwIfAborted();
  }
}

const running: { stop(): Promise<void> }[] = [];

/** Starts a raw server and a client of it with a stopped clock. Stop both with `stopAll`. */
export const startServerAndClient = async (handler: RawHandler, options: Partial<CpgClientOptions> = {}) => {
  const server = await RawServer.start(handler);
  const time = new FakeTime(NOW);
  const client = new CpgClient({ baseUrl: server.url, time, ...CREDENTIALS, ...options });
  running.push({
    stop: async () => {
      client.close();
      await server.stop();
    },
  });
  return { server, time, client };
};

/** Stops everything that `startServerAndClient` started. For `afterEach`. */
export const stopAll = async (): Promise<void> => {
  for (const each of running.splice(0)) await each.stop();
};

/** The error that a promise rejects with. */
export const catchError = async (promise: PromiseLike<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected a rejection: the promise resolved.');
};

/** The signature of a captured request, computed with node:crypto alone (wire protocol §1.2). */
const recomputeSignature = (request: CapturedRequest, secret: string): string => {
  const [path = '', ...rest] = request.target.split('?');
  const fields = [
    getHeader(request, 'x-cpg-timestamp'),
    request.method,
    path,
    rest.join('?'),
    createHash('sha256').update(request.body).digest('hex'),
  ];
  return createHmac('sha256', Buffer.from(secret, 'utf8')).update(fields.join('\n')).digest('hex');
};

/** Whether the captured bytes are the signed bytes. */
export const isAuthentic = (request: CapturedRequest, secret: string): boolean =>
  getHeader(request, 'x-cpg-signature') === recomputeSignature(request, secret);
