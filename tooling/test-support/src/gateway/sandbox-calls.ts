import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startTestGateway, TEST_NOW, type TestGateway } from './test-gateway.ts';

export interface SandboxResponse {
  readonly status: number;
  readonly body: { readonly data: unknown };
}

export const DONE = { status: 200, body: { success: true, message: 'OK', data: { done: true } } };
export const NOT_FOUND = { status: 404, body: { success: false, message: 'Not found' } };
export const rejection = (message: string) => ({ status: 422, body: { success: false, message } });

/**
 * Sets up a gateway with fresh demo data for each test, and calls its sandbox. String bodies are sent
 * unchanged.
 */
export const sandboxCalls = () => {
  let started: TestGateway;
  beforeAll(async () => {
    started = await startTestGateway();
  });
  afterAll(() => started.close());
  beforeEach(async () => {
    started.clock.freeze(TEST_NOW * 1000);
    await started.reset();
  });
  const gateway = () => started;
  const send = async (method: string, path: string, body?: unknown): Promise<SandboxResponse> => {
    const response = await fetch(`${gateway().operationsUrl}/_sandbox${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as SandboxResponse['body'] };
  };
  const post = (path: string, body?: unknown) => send('POST', path, body);
  const requestAddress = async (): Promise<number> => {
    const body = { currency: 'USDT', network: 'TRX' };
    const { data } = (await gateway().call('/v1/deposit-addresses', { method: 'POST', body })).body;
    return (data as { readonly request_id: number }).request_id;
  };
  return {
    gateway,
    send,
    post,
    requestAddress,
    /** Pays to a new deposit request and returns the id of the deposit. */
    pay: async (): Promise<number> => {
      const paid = await post('/deposits', { request_id: await requestAddress(), amount: '5' });
      return (paid.body.data as { readonly id: number }).id;
    },
  };
};

/** The part of a deposit request's response that tests use. */
export interface Requested {
  readonly request_id: number;
  readonly address: string;
}

/** The calls that deposit tests share. The gateway is read when a call is made. */
export const depositCalls = (gateway: () => TestGateway) => {
  const request = (differences: Record<string, unknown> = {}, keyId = 'ck_demo_full') =>
    gateway().call('/v1/deposit-addresses', {
      keyId,
      method: 'POST',
      body: { currency: 'USDT', network: 'ETH', ...differences },
    });
  return {
    request,
    requested: async (differences?: Record<string, unknown>, keyId?: string) =>
      (await request(differences, keyId)).body.data as Requested,
    /** Advances the clock and the chain. */
    pass: async (seconds: number) => {
      gateway().clock.freeze(gateway().clock.now() + seconds * 1000);
      await gateway().chain.advance();
    },
    resetClock: () => gateway().clock.freeze(TEST_NOW * 1000),
    balance: async (query: string) => {
      const { data } = (await gateway().call(`/v1/balances?${query}`)).body;
      return (data as { readonly balance: string }[])[0]?.balance;
    },
  };
};

/** Creates bodies of withdrawals of 10 USDT, each with a reference of its own. */
export const createOrders = () => {
  let orders = 0;
  return () => {
    orders += 1;
    return {
      currency: 'USDT',
      network: 'ETH',
      amount: '10',
      to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
      client_reference: `order-${orders}`,
    };
  };
};

/** The token that the page of the console carries. */
export const readConsoleToken = async (operationsUrl: string): Promise<string> => {
  const page = await (await fetch(operationsUrl)).text();
  return /name="cpg-console-token" content="([\w-]{43})"/.exec(page)?.[1] ?? '';
};
