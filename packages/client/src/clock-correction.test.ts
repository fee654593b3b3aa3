import {
  BALANCE,
  CREATED_WITHDRAWAL,
  NOW,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { getHeader, ok, type RawHandler, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(stopAll);

const OUTSIDE = [401, 'Request timestamp is outside the allowed window'] as const;
const MINUTE = 60_000;

/** A gateway whose clock differs from the client's time `now`. */
const gatewayAhead =
  (skewMs: number, now: () => number): RawHandler =>
  (socket, request) => {
    const serverTime = now() + skewMs;
    const headers = { Date: new Date(serverTime).toUTCString() };
    const distance = Math.abs(Number(getHeader(request, 'X-CPG-Timestamp')) - Math.floor(serverTime / 1000));
    if (distance > 300) return reject(socket, OUTSIDE, headers);
    return ok(socket, request.method === 'GET' ? [BALANCE] : CREATED_WITHDRAWAL, headers);
  };

describe('the clock', () => {
  it.each([
    ['10 minutes ahead', 10 * MINUTE],
    ['10 minutes behind', -10 * MINUTE],
    ['a year ahead', 365 * 24 * 60 * MINUTE],
  ])(
    'is corrected when the gateway is %s: the second attempt succeeds, and so does the next call',
    async (_, skew) => {
      const { server, client } = await startServerAndClient(gatewayAhead(skew, () => NOW));
      const { response } = await client.balances.list().withResponse();
      expect(response.attempts).toBe(2);
      expect(Math.abs(client.clockOffsetMs - skew)).toBeLessThanOrEqual(1_000);
      await client.ping().catch(() => undefined);
      expect(server.requests).toHaveLength(3);
      const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
      expect(new Set(signatures).size).toBe(3);
    },
  );

  it('is corrected for a withdrawal too, which is sent with the same bytes', async () => {
    const { server, client } = await startServerAndClient(gatewayAhead(10 * MINUTE, () => NOW));
    await client.withdrawals.create(WITHDRAWAL_BODY);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.body.equals(server.requests[1]?.body ?? Buffer.alloc(0))).toBe(true);
  });

  it.each([10_000, -10_000])(
    'that is %i ms off needs no second attempt, and moves away from the edge',
    async (skew) => {
      const { client } = await startServerAndClient(gatewayAhead(skew, () => NOW));
      const { response } = await client.balances.list().withResponse();
      expect(response.attempts).toBe(1);
      expect(Math.abs(client.clockOffsetMs - skew)).toBeLessThanOrEqual(1_000);
    },
  );

  it.each([0, 3_000, -3_000])('is not corrected when it is %i ms off', async (skew) => {
    const { client } = await startServerAndClient(gatewayAhead(skew, () => NOW));
    await client.balances.list();
    expect(client.clockOffsetMs).toBe(0);
  });

  it('is corrected once per call; if the gateway rejects the timestamp again, the call fails with clock_skew', async () => {
    let skew = 0;
    const { server, client } = await startServerAndClient(
      (socket) => {
        skew += 10 * MINUTE;
        reject(socket, OUTSIDE, { Date: new Date(NOW + skew).toUTCString() });
      },
      { maxRetries: 5 },
    );
    await expect(client.balances.list()).rejects.toMatchObject({
      code: 'clock_skew',
      rejection: 'timestamp_outside_window',
      attempts: 2,
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['no Date', {}],
    ['an invalid Date', { Date: 'yesterday' }],
    ['a Date that agrees', { Date: new Date(NOW).toUTCString() }],
    ['a Date out of a cache', { Date: new Date(NOW + 10 * MINUTE).toUTCString(), Age: '600' }],
  ])(
    'is not corrected, and the call not repeated, with %s',
    async (_, headers: Readonly<Record<string, string>>) => {
      const { server, client } = await startServerAndClient((socket) => reject(socket, OUTSIDE, headers));
      await expect(client.balances.list()).rejects.toMatchObject({ code: 'clock_skew', attempts: 1 });
      expect(server.requests).toHaveLength(1);
      expect(client.clockOffsetMs).toBe(0);
    },
  );

  it.each([600_000, -1_000_000, 301_000 + 10_000, -365 * 24 * 60 * MINUTE])(
    'ignores a Date that is %i ms off on a success, which proves it wrong',
    async (wrongBy) => {
      const { server, client } = await startServerAndClient((socket) =>
        ok(socket, [BALANCE], { Date: new Date(NOW + wrongBy).toUTCString() }),
      );
      for (const currency of ['A', 'B', 'C']) await client.balances.list({ currency });
      expect(client.clockOffsetMs).toBe(0);
      expect(server.requests.map((request) => getHeader(request, 'X-CPG-Timestamp'))).toEqual(
        Array(3).fill(String(NOW / 1000)),
      );
    },
  );

  it('drops an offset that is rejected, repeats the call without it and does not learn it again', async () => {
    // The gateway is 100 s behind, and a proxy stamps a Date 250 s ahead on everything.
    const { server, client } = await startServerAndClient((socket, request) => {
      const headers = { Date: new Date(NOW + 250_000).toUTCString() };
      const distance = Number(getHeader(request, 'X-CPG-Timestamp')) - (NOW / 1000 - 100);
      return Math.abs(distance) > 300 ? reject(socket, OUTSIDE, headers) : ok(socket, [BALANCE], headers);
    });
    const attempts: number[] = [];
    for (const currency of ['A', 'B', 'C', 'D']) {
      attempts.push((await client.balances.list({ currency }).withResponse()).response.attempts);
    }
    expect(attempts).toEqual([1, 2, 1, 1]);
    expect(client.clockOffsetMs).toBe(0);
    expect(server.requests).toHaveLength(5);
  });

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['without a Date', {}, 2],
    ['with a Date that agrees with it', { Date: new Date(NOW + 20 * MINUTE).toUTCString() }, 2],
    ['with a wrong Date, which is tried first', { Date: new Date(NOW - 50 * MINUTE).toUTCString() }, 3],
  ])(
    'drops a learnt offset when the local clock was set and the rejection comes %s',
    async (_, headers, attempts) => {
      let date: Readonly<Record<string, string>> = { Date: new Date(NOW + 10 * MINUTE).toUTCString() };
      const { time, client } = await startServerAndClient((socket, request) => {
        const distance = Number(getHeader(request, 'X-CPG-Timestamp')) - (NOW + 10 * MINUTE) / 1000;
        return Math.abs(distance) > 300 ? reject(socket, OUTSIDE, date) : ok(socket, [BALANCE], date);
      });
      await client.balances.list();
      expect(Math.abs(client.clockOffsetMs - 10 * MINUTE)).toBeLessThanOrEqual(1_000);
      time.advance(10 * MINUTE);
      date = headers;
      const { response } = await client.balances.list().withResponse();
      expect(response.attempts).toBe(attempts);
      expect(client.clockOffsetMs).toBe(0);
    },
  );

  it('can be corrected by a rejection to an offset that was dropped before', async () => {
    let skew = 10 * MINUTE;
    const { client } = await startServerAndClient((socket, request) => {
      const distance = Number(getHeader(request, 'X-CPG-Timestamp')) - (NOW + skew) / 1000;
      const headers = { Date: new Date(NOW + 10 * MINUTE).toUTCString() };
      return Math.abs(distance) > 300 ? reject(socket, OUTSIDE, headers) : ok(socket, [BALANCE], headers);
    });
    await client.balances.list({ currency: 'A' });
    skew = 0;
    await client.balances.list({ currency: 'B' });
    expect(client.clockOffsetMs).toBe(0);
    skew = 10 * MINUTE;
    expect((await client.balances.list({ currency: 'C' }).withResponse()).response.attempts).toBe(2);
  });

  it.each([
    [503, 'Service temporarily unavailable'],
    [502, 'x'],
    [401, 'Invalid signature'],
    [403, 'x'],
    [429, 'Too many requests from this IP'],
  ])('is not corrected by a %i %s, which an intermediary may have sent', async (status, message) => {
    const { client } = await startServerAndClient(
      (socket) => reject(socket, [status, message], { Date: new Date(NOW + 10 * MINUTE).toUTCString() }),
      { maxRetries: 0 },
    );
    await expect(client.balances.list()).rejects.toMatchObject({ status });
    expect(client.clockOffsetMs).toBe(0);
  });

  it('is corrected for a whole burst that was signed with the wrong time', async () => {
    const { client } = await startServerAndClient(gatewayAhead(-10 * MINUTE, () => NOW));
    const currencies = Array.from({ length: 20 }, (_, index) => `C${index}`);
    const results = await Promise.all(
      currencies.map((currency) => client.balances.list({ currency }).withResponse()),
    );
    expect(results.map(({ response }) => response.attempts)).toEqual(Array(20).fill(2));
  });

  it('is corrected for the next call with maxRetries 0', async () => {
    const { client } = await startServerAndClient(
      gatewayAhead(10 * MINUTE, () => NOW),
      { maxRetries: 0 },
    );
    await expect(client.balances.list()).rejects.toMatchObject({ code: 'clock_skew', attempts: 1 });
    expect((await client.balances.list().withResponse()).response.attempts).toBe(1);
  });
});
