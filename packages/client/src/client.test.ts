import {
  BALANCE,
  CREATED_WITHDRAWAL,
  CREDENTIALS,
  isAuthentic,
  SECRET,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { getHeader, ok, type RawHandler, RawServer, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';
import { CpgClient } from './client.ts';

const open: { stop(): Promise<void> }[] = [];
const start = async (handler: RawHandler) => {
  const server = await RawServer.start(handler);
  const client = new CpgClient({ baseUrl: server.url, ...CREDENTIALS });
  open.push({
    stop: async () => {
      client.close();
      await server.stop();
    },
  });
  return { server, client };
};
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

describe('CpgClient', () => {
  it('pings', async () => {
    const { server, client } = await start((socket) => ok(socket, { pong: true }));
    expect(await client.ping()).toEqual({ success: true, message: 'OK', data: { pong: true } });
    expect(server.requests[0]?.requestLine).toBe('GET /v1/_ping HTTP/1.1');
  });

  it('reads balances with each header once, the signed target and no body', async () => {
    const { server, client } = await start((socket) => ok(socket, [BALANCE]));
    const { data, data_count } = await client.balances.list({ currency: 'USDT', network: 'ETH' });
    expect(data[0]?.available).toBe('1300.000000');
    expect(data_count).toBe(1);
    const [request] = server.requests;
    if (request === undefined) throw new Error('nothing captured');
    expect(request.requestLine).toBe('GET /v1/balances?currency=USDT&network=ETH HTTP/1.1');
    expect(getHeader(request, 'X-CPG-Key')).toBe('ck_test');
    expect(getHeader(request, 'X-CPG-Timestamp')).toMatch(/^[0-9]{10}$/);
    expect(getHeader(request, 'X-CPG-Signature')).toMatch(/^[0-9a-f]{64}$/);
    expect(request.body).toHaveLength(0);
    expect(isAuthentic(request, SECRET)).toBe(true);
  });

  it('keeps the order of the filters', async () => {
    const { server, client } = await start((socket) => ok(socket, []));
    await client.balances.list({ network: 'ETH', currency: 'usdt' });
    expect(server.requests[0]?.target).toBe('/v1/balances?network=ETH&currency=usdt');
  });

  it('creates a withdrawal with a generated reference and returns it', async () => {
    const { server, client } = await start((socket) => ok(socket, CREATED_WITHDRAWAL));
    const { data, client_reference } = await client.withdrawals.create(WITHDRAWAL_BODY);
    expect(data.withdrawal_id).toBe(7);
    expect(client_reference).toMatch(/^[0-9a-f-]{36}$/);
    const [request] = server.requests;
    if (request === undefined) throw new Error('nothing captured');
    expect(request.requestLine).toBe('POST /v1/withdrawals HTTP/1.1');
    expect(getHeader(request, 'Content-Type')).toBe('application/json');
    expect(getHeader(request, 'Content-Length')).toBe(String(request.body.length));
    expect(JSON.parse(request.body.toString('utf8'))).toEqual({ ...WITHDRAWAL_BODY, client_reference });
    expect(isAuthentic(request, SECRET)).toBe(true);
  });

  it('sends an amount that plain JavaScript gave as a number as a decimal string', async () => {
    const { server, client } = await start((socket) => ok(socket, CREATED_WITHDRAWAL));
    await client.withdrawals.create({
      ...WITHDRAWAL_BODY,
      amount: 0.00000001 as never,
      client_reference: 'r-1',
    });
    expect(JSON.parse(String(server.requests[0]?.body))).toMatchObject({
      amount: '0.00000001',
      client_reference: 'r-1',
    });
  });

  it('gets a withdrawal with an id beyond the range of JavaScript numbers', async () => {
    const { server, client } = await start((socket) => reject(socket, [404, 'Not found']));
    await expect(client.withdrawals.get('9007199254740993')).rejects.toMatchObject({ code: 'not_found' });
    expect(server.requests[0]?.target).toBe('/v1/withdrawals/9007199254740993');
  });

  it('signs three identical reads of one second differently', async () => {
    const { server, client } = await start((socket) => ok(socket, [BALANCE]));
    await Promise.all([client.balances.list(), client.balances.list(), client.balances.list()]);
    const signatures = new Set(server.requests.map((request) => getHeader(request, 'X-CPG-Signature')));
    expect(signatures.size).toBe(3);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
  });

  it('never repeats a signature in a burst of 1,000 identical concurrent reads', async () => {
    const { server, client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      timeoutMs: Number.POSITIVE_INFINITY,
      deadlineMs: Number.POSITIVE_INFINITY,
    });
    await Promise.all(Array.from({ length: 1_000 }, () => client.balances.list()));
    const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
    expect(new Set(signatures).size).toBe(1_000);
    expect(server.requests.every((request) => isAuthentic(request, SECRET))).toBe(true);
    await stopAll();
  });
});
