import { createSigningKey, signRequest } from '@cpg/protocol';
import { CREDENTIALS, FakeTime, SECRET } from '@cpg/test-support/client/fixtures';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSigner, type RequestBytes, RequestSigner, type UniqueReads } from './request-signer.ts';
import { ServerClock } from './server-clock.ts';

const NOW = 1_747_440_000_000;
const read = { method: 'GET', target: '/v1/balances' };
const create = { method: 'POST', target: '/v1/withdrawals', body: Buffer.from('{}') };
const never = new AbortController().signal;

const makeSigner = () => {
  const time = new FakeTime(NOW);
  const clock = new ServerClock(time);
  const signer = new RequestSigner(CREDENTIALS, clock);
  const waiting = { sleep: (milliseconds: number) => time.sleep(milliseconds, never) };
  return { time, clock, signer, waiting };
};

describe('RequestSigner', () => {
  it('signs as the protocol does', async () => {
    const { signer, waiting } = makeSigner();
    const request = { method: 'POST', target: '/v1/withdrawals?x=1', body: Buffer.from('{}') };
    const { release, ...signed } = await signer.sign(request, waiting);
    expect(release).toBeTypeOf('function');
    expect(signed).toEqual(
      signRequest({ ...request, keyId: 'ck_test', key: createSigningKey(SECRET), timestamp: 1_747_440_000 }),
    );
  });

  it('never repeats a signature in a burst of 1,000 identical reads and waits for nothing', async () => {
    const { time, signer, waiting } = makeSigner();
    const sign = () => signer.sign(read, waiting);
    const [first, ...others] = await Promise.all(Array.from({ length: 1_000 }, sign));
    expect(first?.target).toBe('/v1/balances');
    for (const { target } of others) expect(target).toMatch(/^\/v1\/balances\?_=[0-9a-f-]{36}$/);
    const all = [first, ...others].map((signed) => signed?.signature);
    expect(new Set(all).size).toBe(1_000);
    expect(new Set(others.map(({ timestamp }) => timestamp))).toEqual(new Set(['1747440000']));
    expect(time.sleeps).toEqual([]);
    time.advance(1_000);
    expect((await sign()).target).toBe('/v1/balances');
  });

  it('adds the parameter to a query, and to a replayed read at once', async () => {
    const { signer, waiting } = makeSigner();
    const request = { ...read, target: '/v1/balances?currency=USDT' };
    const { target, query, release } = await signer.sign(request, { ...waiting, wasReplayed: true });
    expect(target).toMatch(/^\/v1\/balances\?currency=USDT&_=[0-9a-f-]{36}$/);
    expect(target.endsWith(query)).toBe(true);
    release();
    expect((await signer.sign(request, waiting)).target).toBe(request.target);
  });

  it('shares the signatures of a process: two signers of one origin and key never use the same', async () => {
    const { clock, waiting } = makeSigner();
    const options = { ...CREDENTIALS, origin: 'https://shared.example' };
    const targets = [
      (await createSigner(options, clock).sign(read, waiting)).target,
      (await createSigner(options, clock).sign(read, waiting)).target,
      (await createSigner({ ...options, keyId: 'ck_other' }, clock).sign(read, waiting)).target,
      (await createSigner({ ...options, origin: 'https://b.example' }, clock).sign(read, waiting)).target,
    ];
    expect(targets.map((target) => target.includes('?_='))).toEqual([false, true, false, false]);
  });

  it.each<[string, RequestBytes, UniqueReads]>([
    ["reads with uniqueReads: 'never'", read, 'never'],
    ['POSTs', { method: 'POST', target: '/v1/balances', body: Buffer.from('{}') }, 'auto'],
  ])(
    'never repeats a signature in a burst of 1,000 identical %s and stays within 30 s of the clock',
    async (_, request, uniqueReads) => {
      const { time, signer, waiting } = makeSigner();
      const ahead: number[] = [];
      const signOne = async () => {
        const { timestamp, signature, target } = await signer.sign(request, { ...waiting, uniqueReads });
        expect(target).toBe(request.target);
        ahead.push(Number(timestamp) - Math.floor(time.now() / 1000));
        return signature;
      };
      const signatures = await Promise.all(Array.from({ length: 1_000 }, signOne));
      expect(new Set(signatures).size).toBe(1_000);
      expect(Math.max(...ahead)).toBe(30);
      // 31 timestamps are available at once (now … now + 30), then one per second.
      expect(time.now() - NOW).toBeGreaterThanOrEqual(969_000);
      expect(time.now() - NOW).toBeLessThan(975_000);
    },
  );

  it("scatters a replay within 30 s with uniqueReads: 'never'", async () => {
    const { signer, waiting } = makeSigner();
    const timestamps: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      const request = { ...read, target: `/v1/balances?currency=C${index}` };
      const { timestamp } = await signer.sign(request, {
        ...waiting,
        wasReplayed: true,
        uniqueReads: 'never',
      });
      timestamps.push(Number(timestamp) - 1_747_440_000);
    }
    expect(Math.min(...timestamps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...timestamps)).toBeLessThanOrEqual(30);
    expect(new Set(timestamps).size).toBeGreaterThan(10);
  });

  it('changes identical requests only', async () => {
    const { signer, waiting } = makeSigner();
    const requests = [
      read,
      { ...read, target: '/v1/balances?currency=A' },
      { ...read, method: 'POST' },
      { ...read, body: Buffer.from('x') },
      { ...read, target: '/v1/balances/' },
    ];
    const signed = await Promise.all(requests.map((request) => signer.sign(request, waiting)));
    expect(signed.map(({ timestamp }) => timestamp)).toEqual(Array(5).fill('1747440000'));
    expect(signed.map(({ target }) => target)).toEqual(requests.map(({ target }) => target));
  });

  it('treats a missing and an empty body as identical, because they have the same signature', async () => {
    const { signer, waiting } = makeSigner();
    const first = await signer.sign(read, waiting);
    const second = await signer.sign({ ...read, body: Buffer.alloc(0) }, waiting);
    expect(second.signature).not.toBe(first.signature);
  });

  it.each<UniqueReads>(['auto', 'never'])(
    'never repeats a signature, however the clock changes: %s',
    async (uniqueReads) => {
      const steps = fc.array(fc.integer({ min: -1_200_000, max: 1_200_000 }), { maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(steps, async (jumps) => {
          const { time, signer, waiting } = makeSigner();
          const seen = new Set<string>();
          let forward = 0;
          for (const jump of jumps) {
            // Backwards only within the time that a server stores signatures.
            time.advance(jump < 0 ? -Math.min(-jump, forward, 600_000) : jump);
            forward = Math.max(0, Math.min(600_000, forward + jump));
            const { signature, timestamp } = await signer.sign(read, { ...waiting, uniqueReads });
            expect(Math.abs(Number(timestamp) - Math.floor(time.now() / 1000))).toBeLessThanOrEqual(30);
            seen.add(signature);
          }
          expect(seen.size).toBe(jumps.length);
        }),
      );
    },
  );

  it('uses another timestamp when the clock was corrected during the wait', async () => {
    const { time, clock, signer } = makeSigner();
    const correct = async (milliseconds: number) => {
      await time.sleep(milliseconds, never);
      const now = time.now();
      clock.correct({
        date: new Date(now - 600_000).toUTCString(),
        age: undefined,
        timestamp: Math.floor(now / 1000),
        offsetMs: 0,
        sentAt: now,
        receivedAt: now,
      });
    };
    for (let taken = 0; taken <= 30; taken += 1) await signer.sign(create, { sleep: correct });
    const { timestamp } = await signer.sign(create, { sleep: correct });
    expect(Number(timestamp)).toBeLessThanOrEqual(1_747_440_000 - 590);
  });

  it('rejects when the wait is aborted', async () => {
    const { signer } = makeSigner();
    const stop = async () => {
      throw new Error('enough');
    };
    for (let taken = 0; taken <= 30; taken += 1) await signer.sign(create, { sleep: stop });
    await expect(signer.sign(create, { sleep: stop })).rejects.toThrow('enough');
  });
});
