import { BALANCE, FakeTime, NOW, startServerAndClient, stopAll } from '@cpg/test-support/client/fixtures';
import { CLOSED_PORT, LOOPBACK } from '@cpg/test-support/ports';
import { getHeader, ok, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';
import { CpgClient } from '../client.ts';
import { RequestSigner } from '../signing/request-signer.ts';
import { ServerClock } from '../signing/server-clock.ts';
import { RatePacer } from './pacing.ts';

afterEach(stopAll);

const MINUTE = 60_000;

/** `sleep` ends when the test or the signal ends it; only the test changes the time. */
class HeldTime extends FakeTime {
  waiting = 0;
  override async sleep(_milliseconds: number, signal: AbortSignal): Promise<void> {
    this.waiting += 1;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
}

describe('a slot of the rate limit is released', () => {
  const count = 30;
  const limited = { rateLimitPerMinute: 3, maxRetries: 0 };

  it('when the deadline would pass during the wait', async () => {
    const { server, time, client } = await startServerAndClient(
      (socket) => ok(socket, { pong: true }),
      limited,
    );
    const calls = Array.from({ length: count }, () => failureOrDone(client.ping({ deadlineMs: 30_000 })));
    const codes = await Promise.all(calls);
    expect(codes.filter((code) => code === 'deadline_exceeded')).toHaveLength(count - 3);
    expect(server.requests).toHaveLength(3);
    time.advance(MINUTE);
    await client.ping({ deadlineMs: 30_000 });
    expect(server.requests).toHaveLength(4);
  });

  it('when the caller aborts the wait', async () => {
    const time = new HeldTime(NOW);
    const { server, client } = await startServerAndClient((socket) => ok(socket, { pong: true }), {
      ...limited,
      time,
    });
    const controller = new AbortController();
    const options = { signal: controller.signal, deadlineMs: Number.POSITIVE_INFINITY };
    const calls = Array.from({ length: count }, () => failureOrDone(client.ping(options)));
    await expect.poll(() => [time.waiting, server.requests.length]).toEqual([count - 3, 3]);
    await Promise.all(calls.slice(0, 3));
    controller.abort();
    expect(new Set(await Promise.all(calls))).toEqual(new Set([undefined, 'aborted']));
    time.advance(MINUTE);
    await client.ping();
    expect(server.requests).toHaveLength(4);
    expect(time.waiting).toBe(count - 3);
  });

  it('when the call ends after the wait, before anything was sent', async () => {
    const controller = new AbortController();
    let hooks = 0;
    const { server, client } = await startServerAndClient((socket) => ok(socket, { pong: true }), {
      ...limited,
      onRequest: () => {
        hooks += 1;
        if (hooks <= 3) controller.abort();
      },
    });
    const { signal } = controller;
    expect(await failureOrDone(client.ping({ signal }))).toBe('aborted');
    await client.ping();
    await client.ping();
    await client.ping();
    expect(server.requests).toHaveLength(3);
  });

  it('when no connection could be made', async () => {
    const time = new FakeTime(NOW);
    const baseUrl = `http://${LOOPBACK}:${CLOSED_PORT}`;
    const credentials = { keyId: 'ck_test', secret: 'cpg-test-DO-NOT-USE-IN-PRODUCTION' };
    const client = new CpgClient({ ...credentials, ...limited, baseUrl, time });
    for (let call = 0; call < 10; call += 1) {
      expect(await failureOrDone(client.ping())).toBe('connection_failed');
    }
    expect(time.sleeps).toEqual([]);
    client.close();
  });

  it('when the client is closed', async () => {
    const time = new HeldTime(NOW);
    const { client } = await startServerAndClient((socket) => ok(socket, { pong: true }), {
      ...limited,
      time,
    });
    const options = { deadlineMs: Number.POSITIVE_INFINITY };
    const calls = Array.from({ length: 5 }, () => failureOrDone(client.ping(options)));
    await expect.poll(() => time.waiting).toBe(2);
    client.close();
    expect((await Promise.all(calls)).slice(3)).toEqual(['client_closed', 'client_closed']);
  });

  it('only once, and not when the request was sent', async () => {
    const { time, client } = await startServerAndClient((socket) => reject(socket, [503, 'x']), limited);
    for (let call = 0; call < 4; call += 1) {
      await failureOrDone(client.balances.list({}, { deadlineMs: Number.POSITIVE_INFINITY }));
    }
    expect(time.sleeps).toHaveLength(1);
    const pacer = new RatePacer(1, () => NOW);
    const release = await pacer.acquire(() => Promise.reject(new Error('waits')));
    release();
    release();
    await pacer.acquire(() => Promise.reject(new Error('waits')));
    await expect(pacer.acquire(() => Promise.reject(new Error('waits')))).rejects.toThrow('waits');
  });
});

describe('a reserved timestamp is released', () => {
  it('when the wait for it is aborted', async () => {
    const { server, time, client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      maxRetries: 0,
      uniqueReads: 'never',
    });
    const served = Array.from({ length: 31 }, () => failureOrDone(client.balances.list()));
    expect(new Set(await Promise.all(served))).toEqual(new Set([undefined]));
    // Shorter than the wait for the next timestamp. Real timers limit attempts too, so these calls must not
    // send any.
    const calls = Array.from({ length: 100 - 31 }, () =>
      failureOrDone(client.balances.list({}, { deadlineMs: 900 })),
    );
    const codes = await Promise.all(calls);
    expect(codes.filter((code) => code === 'deadline_exceeded')).toHaveLength(100 - 31);
    expect(server.requests).toHaveLength(31);
    time.advance(1_000);
    expect(await failureOrDone(client.balances.list({}, { deadlineMs: 30_000 }))).toBeUndefined();
    const signatures = server.requests.map((request) => getHeader(request, 'X-CPG-Signature'));
    expect(new Set(signatures).size).toBe(32);
  });

  it('when the clock was corrected before it was used', async () => {
    const time = new FakeTime(NOW);
    const clock = new ServerClock(time);
    const signer = new RequestSigner({ keyId: 'ck_test', secret: 'secret' }, clock);
    const request = { method: 'POST', target: '/v1/x' };
    const sleep = async (): Promise<void> => time.advance(600_000);
    const seconds: string[] = [];
    for (let signed = 0; signed < 32; signed += 1)
      seconds.push((await signer.sign(request, { sleep })).timestamp);
    // The 32nd request reserved the timestamp 31 s ahead and released it.
    time.advance(-600_000 + 1_000);
    expect((await signer.sign(request, { sleep })).timestamp).toBe(String(NOW / 1000 + 31));
    expect(new Set(seconds).size).toBe(32);
  });
});

/** The error code of a call; `undefined` for a success. */
const failureOrDone = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );
