import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, TEST_NOW, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  gateway.clock.freeze(TEST_NOW * 1000);
  await gateway.reset();
});

const send = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${gateway.url}/_sandbox${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as { readonly data: unknown } };
};
const post = (path: string, body?: unknown) => send('POST', path, body);
const DONE = { status: 200, body: { success: true, message: 'OK', data: { done: true } } };
const NOT_FOUND = { status: 404, body: { success: false, message: 'Not found' } };
const refusal = (message: string) => ({ status: 422, body: { success: false, message } });

const requestAddress = async () => {
  const body = { currency: 'USDT', network: 'TRX' };
  const { data } = (await gateway.call('/v1/deposit-addresses', { method: 'POST', body })).body;
  return (data as { readonly request_id: number }).request_id;
};
const pay = async () => {
  const paid = await post('/deposits', { request_id: await requestAddress(), amount: '5' });
  return (paid.body.data as { readonly id: number }).id;
};
const status = async (id: number) => {
  const { data } = (await gateway.call('/v1/transactions')).body;
  return (data as { id: number; status: string; confirmations: number }[]).find((row) => row.id === id);
};

describe('/_sandbox/clock', () => {
  it('freezes the clock, and returns it to real time', async () => {
    const frozen = { now: TEST_NOW + 100, frozen: true };
    expect(await send('PUT', '/clock', { now: TEST_NOW + 100 })).toEqual({ status: 200, body: frozen });
    expect(gateway.clock.now()).toBe((TEST_NOW + 100) * 1000);
    expect(await send('PUT', '/clock', { now: null })).toMatchObject({
      status: 200,
      body: { frozen: false },
    });
    expect(await send('GET', '/clock')).toMatchObject({ status: 200, body: { frozen: false } });
  });

  it.each([
    '{}',
    '{"now": -1}',
    '{"now": 253402300800}',
    '{"now": 1.5}',
    '{"now": "1"}',
    '{"now": 1, "then": 2}',
    '[]',
  ])('refuses %s', async (body) => {
    expect(await send('PUT', '/clock', body)).toEqual(
      refusal('now: Input should be Unix seconds, or null for real time'),
    );
  });
});

describe('/_sandbox/deposits', () => {
  it('pays to a deposit request', async () => {
    const request_id = await requestAddress();
    expect(await post('/deposits', { request_id, amount: '5' })).toEqual({
      status: 200,
      body: {
        success: true,
        message: 'OK',
        data: { id: 1, deposit_request_id: request_id, tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
  });

  it('confirms, fails and sweeps on demand', async () => {
    const [first, second] = [await pay(), await pay()];
    expect(await post(`/deposits/${first}/sweep`)).toEqual(NOT_FOUND);
    expect(await post(`/deposits/${first}/confirm`)).toEqual(DONE);
    expect(await status(first)).toMatchObject({ status: 'confirmed', confirmations: 19 });
    expect(await post(`/deposits/${first}/sweep`)).toEqual(DONE);
    expect(await post(`/deposits/${second}/fail`)).toEqual(DONE);
    expect(await status(second)).toMatchObject({ status: 'failed', confirmations: 0 });
    expect(await post(`/deposits/${second}/confirm`)).toEqual(NOT_FOUND);
  });

  it('does nothing to a sweep by its id', async () => {
    const id = await pay();
    await post(`/deposits/${id}/confirm`);
    await post(`/deposits/${id}/sweep`);
    const sweep = id + 1;
    const before = await status(sweep);
    expect(before).toMatchObject({ direction: 'sweep', status: 'broadcasted', confirmations: 0 });
    for (const path of ['confirm', 'fail', 'sweep'])
      expect(await post(`/deposits/${sweep}/${path}`)).toEqual(NOT_FOUND);
    expect(await post(`/deposits/${sweep}/delay`, { blocks: 9 })).toEqual(NOT_FOUND);
    expect(await status(sweep)).toEqual(before);
    await post('/blocks', { network: 'TRX', blocks: 19 });
    expect(await status(sweep)).toMatchObject({ status: 'confirmed', confirmations: 19 });
  });

  it.each([
    [{ request_id: 5001, amount: '0.0000001' }, 'amount: Input should have at most 6 decimal places'],
    [{ request_id: 5001, amount: '0.00' }, 'amount: Input should be greater than 0'],
    [{ request_id: 5001, amount: '-1' }, 'amount: Input should be a decimal string'],
    [{ request_id: 5001, amount: 1 }, 'amount: Input should be a decimal string'],
    [{ request_id: 'x', amount: '1' }, 'request_id: Input should be a valid integer'],
  ])('refuses %j', async (body, message) => {
    await requestAddress();
    expect(await post('/deposits', body)).toEqual(refusal(message));
  });

  it('finds no request that there is not', async () => {
    expect(await post('/deposits', { request_id: 4711, amount: '1' })).toEqual(NOT_FOUND);
  });
});

describe('/_sandbox/blocks', () => {
  it('mines blocks, and with them confirmations', async () => {
    const id = await pay();
    expect(await post('/blocks', { network: 'trx', blocks: 18 })).toEqual(DONE);
    expect(await status(id)).toMatchObject({ status: 'detected', confirmations: 18 });
    expect(await post('/blocks', { network: 'TRX', blocks: 1 })).toEqual(DONE);
    expect(await status(id)).toMatchObject({ status: 'confirmed', confirmations: 19 });
  });

  it('delays a transaction by blocks', async () => {
    const id = await pay();
    expect(await post(`/deposits/${id}/delay`, { blocks: 100 })).toEqual(DONE);
    await post('/blocks', { network: 'TRX', blocks: 100 });
    expect(await status(id)).toMatchObject({ status: 'detected', confirmations: 0 });
    await post('/blocks', { network: 'TRX', blocks: 19 });
    expect(await status(id)).toMatchObject({ status: 'confirmed' });
    expect(await post(`/withdrawals/1001/delay`, { blocks: 1 })).toEqual(NOT_FOUND);
  });

  it.each([
    [{ network: 'TRX', blocks: 0 }, 422],
    [{ network: 'DOGE', blocks: 1 }, 404],
  ])('%j: %i', async (body, expected) => {
    expect((await post('/blocks', body)).status).toBe(expected);
  });
});

describe('/_sandbox/withdrawals', () => {
  it.each([
    ['/withdrawals/4711/confirm', NOT_FOUND],
    ['/withdrawals/1001/lose', refusal('outcome: Input should be confirm or fail')],
    ['/withdrawals/x/confirm', refusal('id: Input should be a valid integer')],
  ])('%s', async (path, expected) => {
    expect(await post(path)).toEqual(expected);
  });

  it('broadcasts a pending one before it confirms it, and fails it without', async () => {
    await post('/withdrawals/1001/confirm');
    const read = async () => (await gateway.call('/v1/withdrawals/1001')).body.data;
    expect(await read()).toMatchObject({ status: 'confirmed', tx_hash: expect.stringMatching(/^0x/) });
    await post('/reset');
    await post('/withdrawals/1001/fail');
    expect(await read()).toMatchObject({ status: 'failed', tx_hash: null, broadcast_at: null });
  });
});

describe('/_sandbox/webhooks', () => {
  const url = 'http://127.0.0.1:9/hooks';

  it('registers, lists and removes, and shows the secret once', async () => {
    const registered = await post('/webhooks', { url });
    expect(registered.body.data).toEqual({ id: 1, url, secret: expect.stringMatching(/^whsec_[\w-]{43}$/) });
    expect((await send('GET', '/webhooks')).body.data).toEqual([
      { id: 1, account_id: 'acct_demo', url, created_at: '2027-01-15T08:00:00.000Z' },
    ]);
    expect(await send('DELETE', '/webhooks/1')).toEqual(DONE);
    expect(await send('DELETE', '/webhooks/1')).toEqual(NOT_FOUND);
  });

  it.each([
    [
      { url: 'https://10.0.0.1/' },
      'url: Host should be reachable from the Internet, not private, loopback or reserved',
    ],
    [{ url, account_id: 'acct_x' }, 'account_id: There is no such account'],
  ])('refuses %j', async (body, message) => {
    expect(await post('/webhooks', body)).toEqual(refusal(message));
  });

  it('answers 404 and 422 for deliveries that there are not', async () => {
    expect(await post('/deliveries/00000000-0000-4000-8000-000000000000/requeue')).toEqual(NOT_FOUND);
    expect(await post('/deliveries/1/requeue')).toEqual(refusal('id: Input should be the id of a delivery'));
  });
});

describe('/_sandbox/reset', () => {
  it('brings back the demo, ids from the start', async () => {
    await pay();
    expect(await post('/reset')).toEqual(DONE);
    expect((await gateway.call('/v1/transactions')).body.data).toEqual([]);
    expect(await pay()).toBe(1);
    expect((await gateway.call('/v1/balances?network=TRX')).body.data).toMatchObject([
      { balance: '250.000000' },
    ]);
  });
});

describe('/_sandbox', () => {
  it.each([
    ['/payments', { currency: 'USDT\0', network: 'ETH', amount: '1' }, 'currency'],
    ['/payments', { currency: 'USDT', network: '\0', amount: '1' }, 'network'],
    ['/blocks', { network: 'ETH\0', blocks: 1 }, 'network'],
    ['/webhooks', { url: 'http://127.0.0.1/\0' }, 'url'],
    ['/webhooks', { url: 'http://127.0.0.1/', account_id: '\0' }, 'account_id'],
  ])('refuses NUL in %s %j', async (path, body, field) => {
    expect(await post(path, body)).toEqual(refusal(`${field}: String should be without NUL`));
  });

  it('answers malformed JSON, and what it does not know, in the envelope', async () => {
    expect(await post('/deposits', '{')).toEqual({
      status: 400,
      body: { success: false, message: 'Malformed JSON body' },
    });
    expect(await post('/nothing')).toEqual(NOT_FOUND);
  });

  it('is kept from the pages of other sites', async () => {
    const { status: refused } = await fetch(`${gateway.url}/_sandbox/reset`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(refused).toBe(403);
  });

  it('knows the webhook of the environment, also after a reset', async () => {
    const webhook = { url: 'http://127.0.0.1:9/hooks', secret: 'a-secret-of-the-webhook' };
    const configured = await startTestGateway({ webhook });
    await configured.reset();
    const listed = (await (await fetch(`${configured.url}/_sandbox/webhooks`)).json()) as {
      readonly data: unknown;
    };
    await configured.close();
    expect(listed.data).toMatchObject([{ account_id: 'acct_demo', url: webhook.url }]);
    expect(JSON.stringify(listed)).not.toContain(webhook.secret);
  });

  it('is not there without sandbox mode', async () => {
    const plain = await startTestGateway({ sandbox: false });
    const response = await fetch(`${plain.url}/_sandbox/clock`);
    await plain.close();
    expect(response.status).toBe(404);
  });
});
