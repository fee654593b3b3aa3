import { createSigningKey, signRequest } from '@cpg/protocol';
import { CREDENTIALS, FakeTime, SECRET } from '@cpg/test-support/client/fixtures';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestSigner, ServerClock } from './request-signer.ts';

const NOW = 1_747_440_000_000;
const read = { method: 'GET', target: '/v1/balances' };
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

  it('never repeats a signature in a burst of 1,000 identical reads and stays within 30 s of the clock', async () => {
    const { time, signer, waiting } = makeSigner();
    const ahead: number[] = [];
    const signOne = async () => {
      const { timestamp, signature } = await signer.sign(read, waiting);
      ahead.push(Number(timestamp) - Math.floor(time.now() / 1000));
      return signature;
    };
    const signatures = await Promise.all(Array.from({ length: 1_000 }, signOne));
    expect(new Set(signatures).size).toBe(1_000);
    expect(Math.max(...ahead)).toBe(30);
    // 31 timestamps are available at once (now … now + 30), then one per second.
    expect(time.now() - NOW).toBeGreaterThanOrEqual(969_000);
    expect(time.now() - NOW).toBeLessThan(975_000);
  });

  it('scatters within 30 s with scatter: true', async () => {
    const { signer, waiting } = makeSigner();
    const timestamps: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      const request = { ...read, target: `/v1/balances?currency=C${index}` };
      const { timestamp } = await signer.sign(request, { ...waiting, scatter: true });
      timestamps.push(Number(timestamp) - 1_747_440_000);
    }
    expect(Math.min(...timestamps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...timestamps)).toBeLessThanOrEqual(30);
    expect(new Set(timestamps).size).toBeGreaterThan(10);
  });

  it('advances the timestamp of identical requests only', async () => {
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
  });

  it('treats a missing and an empty body as identical, because they have the same signature', async () => {
    const { signer, waiting } = makeSigner();
    const first = await signer.sign(read, waiting);
    const second = await signer.sign({ ...read, body: Buffer.alloc(0) }, waiting);
    expect(second.signature).not.toBe(first.signature);
  });

  it('never repeats a signature, however the clock changes', async () => {
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
          const { signature, timestamp } = await signer.sign(read, waiting);
          expect(Math.abs(Number(timestamp) - Math.floor(time.now() / 1000))).toBeLessThanOrEqual(30);
          seen.add(signature);
        }
        expect(seen.size).toBe(jumps.length);
      }),
    );
  });

  it('uses another timestamp when the clock was corrected during the wait', async () => {
    const { time, clock, signer } = makeSigner();
    const correct = async (milliseconds: number) => {
      await time.sleep(milliseconds, never);
      const now = time.now();
      clock.update({
        date: new Date(now - 600_000).toUTCString(),
        age: undefined,
        sentAt: now,
        receivedAt: now,
      });
    };
    for (let taken = 0; taken <= 30; taken += 1) await signer.sign(read, { sleep: correct });
    const { timestamp } = await signer.sign(read, { sleep: correct });
    expect(Number(timestamp)).toBeLessThanOrEqual(1_747_440_000 - 590);
  });

  it('rejects when the wait is aborted', async () => {
    const { signer } = makeSigner();
    const stop = async () => {
      throw new Error('enough');
    };
    for (let taken = 0; taken <= 30; taken += 1) await signer.sign(read, { sleep: stop });
    await expect(signer.sign(read, { sleep: stop })).rejects.toThrow('enough');
  });
});
