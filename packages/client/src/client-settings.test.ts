import {
  BALANCE,
  CREDENTIALS,
  catchError,
  isAuthentic,
  SECRET,
  startServerAndClient,
  stopAll,
} from '@cpg/test-support/client/fixtures';
import { getHeader, ok, type RawHandler, RawServer, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CpgClient } from './client.ts';

afterEach(async () => {
  vi.unstubAllEnvs();
  await stopAll();
});

const balances: RawHandler = (socket) => ok(socket, [BALANCE]);

describe('fromEnv', () => {
  it('reads the three variables, and takes other options', async () => {
    const server = await RawServer.start(balances);
    vi.stubEnv('CPG_BASE_URL', server.url);
    vi.stubEnv('CPG_KEY_ID', CREDENTIALS.keyId);
    vi.stubEnv('CPG_SECRET', SECRET);
    const client = CpgClient.fromEnv({ appInfo: { name: 'shop' } });
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    const [request] = server.requests;
    expect(request && isAuthentic(request, SECRET)).toBe(true);
    expect(request && getHeader(request, 'User-Agent')).toMatch(/ shop$/);
    client.close();
    await server.stop();
  });

  it('names what is missing', () => {
    const environment = { CPG_BASE_URL: 'https://gateway.example', CPG_KEY_ID: '' };
    expect(() => CpgClient.fromEnv({}, environment)).toThrow(
      'CpgClient.fromEnv: CPG_KEY_ID and CPG_SECRET must be set in the environment, or passed as an option.',
    );
    CpgClient.fromEnv({ keyId: 'ck_1', secret: SECRET }, environment).close();
    expect(() =>
      CpgClient.fromEnv({}, { ...environment, CPG_KEY_ID: 'ck_1', CPG_SECRET: `"${SECRET}"` }),
    ).toThrow('secret must not be in quotation marks');
  });
});

describe('withOptions', () => {
  it('changes settings of a client that shares key, clock, rate limit and connections', async () => {
    const { server, time, client } = await startServerAndClient(
      (socket, _, index) =>
        index % 2 === 0 ? reject(socket, [503, 'x'], { 'Retry-After': '1' }) : ok(socket, [BALANCE]),
      { maxRetries: 0, rateLimitPerMinute: 3, headers: { 'X-Team': 'a', 'X-Site': 's' } },
    );
    const patient = client.withOptions({ maxRetries: 1, headers: { 'x-team': 'b' } });
    expect((await patient.balances.list().withResponse()).response.attempts).toBe(2);
    expect(await catchError(client.balances.list())).toMatchObject({ status: 503, attempts: 1 });
    expect(server.connections).toBe(1);
    expect(server.requests.map((request) => getHeader(request, 'X-Team'))).toEqual(['b', 'b', 'a']);
    expect(server.requests.map((request) => getHeader(request, 'X-Site'))).toEqual(['s', 's', 's']);
    // The fourth request of the minute waits, whichever client sends it.
    const slept = time.sleeps.length;
    await patient.withOptions({}).balances.list({ currency: 'USDT' });
    expect(time.sleeps.length).toBeGreaterThan(slept);
  });

  it('never uses a signature of the client it was made from', async () => {
    const { server, client } = await startServerAndClient(balances);
    await Promise.all([client, client.withOptions({ timeoutMs: 5_000 })].map((each) => each.balances.list()));
    const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
    expect(new Set(signatures).size).toBe(2);
  });

  it('ends only its own calls when it is closed, and all when the first client is', async () => {
    const { server, client } = await startServerAndClient((socket, { target }) => {
      if (!target.includes('hang')) ok(socket, [BALANCE]);
    });
    const derived = client.withOptions({});
    const second = derived.withOptions({});
    const hanging = second.balances.list({ currency: 'hang' });
    await expect.poll(() => server.requests.length).toBe(1);
    second.close();
    expect(await catchError(hanging)).toMatchObject({ code: 'client_closed' });
    expect(await catchError(second.balances.list())).toMatchObject({ code: 'client_closed' });
    expect((await derived.balances.list()).data).toEqual([BALANCE]);
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    client.close();
    expect(await catchError(derived.balances.list())).toMatchObject({ code: 'client_closed' });
  });
});

describe('headers and appInfo', () => {
  it('are sent with each request: of the client, then of the call', async () => {
    const { server, client } = await startServerAndClient(balances, {
      headers: { 'X-Team': 'payments', Accept: 'application/json;v=1', Authorization: 'Basic eA==' },
      appInfo: { name: 'shop', version: '1.2', url: 'https://shop.example' },
    });
    await client.balances.list({}, { headers: { 'x-team': 'refunds', traceparent: '00-1-2-01' } });
    const [request] = server.requests;
    if (request === undefined) throw new Error('nothing captured');
    expect(getHeader(request, 'X-Team')).toBe('refunds');
    expect(getHeader(request, 'Accept')).toBe('application/json;v=1');
    expect(getHeader(request, 'traceparent')).toBe('00-1-2-01');
    expect(getHeader(request, 'User-Agent')).toMatch(
      /^cpg-client\/\S+ node\/\S+ shop\/1\.2 \(https:\/\/shop\.example\)$/,
    );
    expect(isAuthentic(request, SECRET)).toBe(true);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ 'X-CPG-Key': 'other' }, '"X-CPG-Key" is set by the client and cannot be changed.'],
    [{ 'x-cpg-signature': 'x' }, '"x-cpg-signature" is set by the client'],
    [{ 'X-Cpg-Timestamp': '1' }, '"X-Cpg-Timestamp" is set by the client'],
    [{ 'content-length': '5' }, '"content-length" is set by the client'],
    [{ Host: 'other' }, '"Host" is set by the client'],
    [{ 'Transfer-Encoding': 'chunked' }, '"Transfer-Encoding" is set by the client'],
    [{ 'a b': 'x' }, '"a b" is not a header name.'],
    [{ '': 'x' }, '"" is not a header name.'],
    [{ a: 'x\r\nX-CPG-Key: y' }, '"a" must not contain line breaks'],
    [{ a: '☃' }, '"a" must not contain line breaks or characters beyond U+00FF.'],
    [{ a: 5 }, '"a" must be a string: got 5.'],
    [{ a: undefined }, '"a" must be a string: got undefined.'],
  ])('cannot be %j', async (headers, problem) => {
    const { server, client } = await startServerAndClient(balances);
    const given = headers as Record<string, string>;
    const options = { ...CREDENTIALS, baseUrl: server.url, headers: given };
    expect(() => new CpgClient(options)).toThrow(`CpgClient: headers: ${problem}`);
    expect(() => client.withOptions({ headers: given })).toThrow(`withOptions: headers: ${problem}`);
    const error = await catchError(client.balances.list({}, { headers: given }));
    expect((error as Error).message).toContain(`balances.list: headers: ${problem}`);
    expect(server.requests).toHaveLength(0);
  });

  it.each([{}, { name: 'a b' }, { name: 'a\n' }, { name: 'a', version: '1 2' }, { name: 'a', link: 'x' }])(
    'cannot have appInfo %j',
    async (appInfo) => {
      const options = { ...CREDENTIALS, baseUrl: 'http://127.0.0.1:1', appInfo: appInfo as { name: string } };
      expect(() => new CpgClient(options)).toThrow(/^CpgClient: appInfo/);
    },
  );
});

describe('using', () => {
  it('closes the client at the end of the block', async () => {
    const { client } = await startServerAndClient(balances);
    {
      using scoped = client.withOptions({});
      await scoped.balances.list();
    }
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    client[Symbol.dispose]();
    expect(await catchError(client.balances.list())).toMatchObject({ code: 'client_closed' });
  });
});
