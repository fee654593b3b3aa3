import { DONE, NOT_FOUND, rejection, sandboxCalls } from '@cpg/test-support/gateway/sandbox-calls';
import { startTestGateway, TEST_NOW } from '@cpg/test-support/gateway/test-gateway';
import { afterEach, describe, expect, it } from 'vitest';

const { gateway, send, post, pay } = sandboxCalls();

describe('/_sandbox/webhooks', () => {
  const url = 'http://127.0.0.1:9/hooks';

  it('registers, lists and removes webhooks, and shows the secret once', async () => {
    const registered = await post('/webhooks', { url });
    expect(registered.body.data).toEqual({ id: 1, url, secret: expect.stringMatching(/^whsec_[\w-]{43}$/) });
    expect((await send('GET', '/webhooks')).body.data).toEqual([
      {
        ...{ id: 1, account_id: 'acct_demo', url, created_at: '2027-01-15T08:00:00.000Z' },
        ...{ events: null, failures: 0, suspended_until: null, pending: 0, dead: 0 },
      },
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
  ])('rejects %j', async (body, message) => {
    expect(await post('/webhooks', body)).toEqual(rejection(message));
  });

  it('responds 404 and 422 for unknown and malformed delivery ids', async () => {
    expect(await post('/deliveries/00000000-0000-4000-8000-000000000000/requeue')).toEqual(NOT_FOUND);
    expect(await post('/deliveries/1/requeue')).toEqual(
      rejection('id: Input should be the id of a delivery'),
    );
  });
});

describe('/_sandbox/reset', () => {
  it('restores the demo data and its ids', async () => {
    await pay();
    expect(await post('/reset')).toEqual(DONE);
    expect((await gateway().call('/v1/transactions')).body.data).toEqual([]);
    expect(await pay()).toBe(1);
    expect((await gateway().call('/v1/balances?network=TRX')).body.data).toMatchObject([
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
  ])('rejects NUL in %s %j', async (path, body, field) => {
    expect(await post(path, body)).toEqual(rejection(`${field}: String should be without NUL`));
  });

  it('responds to malformed JSON and unknown paths with the error envelope', async () => {
    expect(await post('/deposits', '{')).toEqual({
      status: 400,
      body: { success: false, message: 'Malformed JSON body' },
    });
    expect(await post('/nothing')).toEqual(NOT_FOUND);
  });

  it('keeps the configured webhook after a reset', async () => {
    const webhook = {
      url: 'http://127.0.0.1:9/hooks',
      secret: 'a-secret-of-the-webhook',
      accountId: undefined,
    };
    const configured = await startTestGateway({ webhook });
    await configured.reset();
    const listed = (await (await fetch(`${configured.operationsUrl}/_sandbox/webhooks`)).json()) as {
      readonly data: unknown;
    };
    await configured.close();
    expect(listed.data).toMatchObject([{ account_id: 'acct_demo', url: webhook.url }]);
    expect(JSON.stringify(listed)).not.toContain(webhook.secret);
  });

  it('does not exist outside the sandbox', async () => {
    const plain = await startTestGateway({ sandbox: false });
    const statuses = [];
    for (const url of [plain.url, plain.operationsUrl]) {
      for (const path of ['/_sandbox/clock', '/', '/page.js'])
        statuses.push((await fetch(`${url}${path}`)).status);
    }
    await plain.close();
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404]);
  });

  it('is not served on the API port', async () => {
    for (const path of ['/_sandbox/clock', '/', '/page.js', '/metrics'])
      expect((await fetch(`${gateway().url}${path}`)).status).toBe(404);
  });
});

describe('/_sandbox/clock', () => {
  it('freezes the clock and returns it to real time', async () => {
    const frozen = { now: TEST_NOW + 100, frozen: true };
    expect(await send('PUT', '/clock', { now: TEST_NOW + 100 })).toEqual({ status: 200, body: frozen });
    expect(gateway().clock.now()).toBe((TEST_NOW + 100) * 1000);
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
  ])('rejects %s', async (body) => {
    expect(await send('PUT', '/clock', body)).toEqual(
      rejection('now: Input should be Unix seconds, or null for real time'),
    );
  });
});

describe('/_sandbox/admission', () => {
  afterEach(() => put('{"state": "up"}'));

  const put = (body: string) => send('PUT', '/admission', body);
  const state = async () => (await send('GET', '/admission')).body;
  const ping = async () => {
    const { status, headers, body } = await gateway().call('/v1/_ping');
    return { status, retryAfter: headers.get('retry-after'), message: body.message };
  };
  const ADMITTED = { status: 200, retryAfter: null, message: 'OK' };

  it.each(['down', 'silent'])(
    'rejects requests while the store is %s, and admits them when it is up again',
    async (told) => {
      expect(await state()).toEqual({ state: 'up' });
      expect(await put(JSON.stringify({ state: told }))).toEqual({ status: 200, body: { state: told } });
      expect(await state()).toEqual({ state: told });
      const unavailable = { status: 503, retryAfter: '1', message: 'Service temporarily unavailable' };
      expect(await ping()).toEqual(unavailable);
      expect(await put('{"state": "up"}')).toEqual({ status: 200, body: { state: 'up' } });
      expect(await ping()).toEqual(ADMITTED);
    },
  );

  it.each(['{}', '[]', '{"state": "off"}', '{"state": null}', '{"state": "down", "for": 1}'])(
    'rejects %s and does not change',
    async (body) => {
      expect(await put(body)).toEqual(rejection('state: Input should be one of up, down, silent, forgetful'));
      expect(await ping()).toEqual(ADMITTED);
    },
  );
});

describe('/_sandbox/activity', () => {
  interface Activity {
    readonly requests: readonly Readonly<Record<string, unknown>>[];
    readonly attempts: readonly unknown[];
    readonly last_request: number;
    readonly last_attempt: number;
  }
  const read = async (query: string) =>
    (await send('GET', `/activity${query}`)).body.data as unknown as Activity;

  it('lists the requests after a position, with their responses', async () => {
    const { last_request } = await read('');
    await gateway().call('/v1/_ping?secret=x');
    await gateway().call('/v1/withdrawals/999');
    const { requests, last_attempt } = await read(`?after_request=${last_request}&after_attempt=0`);
    const common = {
      at: '2027-01-15T08:00:00.000Z',
      key_id: 'ck_demo_full',
      method: 'GET',
      explanation: null,
    };
    expect(requests).toMatchObject([
      { ...common, id: last_request + 1, path: '/v1/_ping', status: 200, outcome: 'served' },
      { ...common, id: last_request + 2, path: '/v1/withdrawals/999', status: 404, outcome: 'not_found' },
    ]);
    expect(JSON.stringify(requests)).not.toContain('secret');
    expect(last_attempt).toBe(0);
  });

  it('lists nothing without a position', async () => {
    await gateway().call('/v1/_ping');
    expect(await read('')).toMatchObject({ requests: [], attempts: [], last_request: expect.any(Number) });
  });

  it('rejects what is no position', async () => {
    expect(await send('GET', '/activity?after_request=x')).toEqual(
      rejection('after_request: Input should be a position'),
    );
  });
});
