import { itIsAnInbox, makeClaim } from '@cpg/test-support/client/inbox-cases';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryInbox } from './inbox.ts';

const LEASE_MS = 60_000;
const HOUR_MS = 3_600_000;

afterEach(() => void vi.useRealTimers());

describe('memoryInbox', () => {
  const shared = memoryInbox();
  itIsAnInbox(() => shared);

  it('forgets the oldest handled event when it is full', async () => {
    const inbox = memoryInbox({ capacity: 2 });
    for (const id of [1, 2, 3]) {
      const claim = makeClaim(id);
      expect(inbox.claim(claim, LEASE_MS)).toEqual({ state: 'claimed' });
      inbox.complete(claim);
    }
    const states = [3, 2, 1].map((id) => inbox.claim(makeClaim(id), LEASE_MS));
    expect(states).toEqual([{ state: 'handled' }, { state: 'handled' }, { state: 'claimed' }]);
  });

  it('holds no more claims than its capacity, and makes room for new ones when leases end', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const inbox = memoryInbox({ capacity: 2 });
    for (const id of [1, 2]) inbox.claim(makeClaim(id), LEASE_MS);
    expect(() => inbox.claim(makeClaim(3), LEASE_MS)).toThrow(
      expect.objectContaining({
        code: 'callback_failed',
        message: expect.stringContaining('raise capacity'),
      }),
    );
    expect(inbox.claim(makeClaim(2), LEASE_MS)).toMatchObject({ state: 'busy' });
    vi.advanceTimersByTime(LEASE_MS);
    expect(inbox.claim(makeClaim(3), LEASE_MS)).toEqual({ state: 'claimed' });
  });

  it.each([
    [undefined, 168],
    [40 * HOUR_MS, 40],
  ])('with the retention %s keeps an event for %s hours', (retentionMs, hours) => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const inbox = memoryInbox({ retentionMs });
    const claim = makeClaim(1);
    inbox.claim(claim, LEASE_MS);
    inbox.complete(claim);
    vi.advanceTimersByTime(hours * HOUR_MS - 1);
    expect(inbox.claim(makeClaim(1), LEASE_MS)).toEqual({ state: 'handled' });
    vi.advanceTimersByTime(1);
    expect(inbox.claim(makeClaim(1), LEASE_MS)).toEqual({ state: 'claimed' });
  });

  it.each([
    [{ capacity: 0 }, 'memoryInbox: capacity must be a whole number above 0: got 0.'],
    [
      { retentionMs: 24 * HOUR_MS },
      "memoryInbox: retentionMs must be a whole number of milliseconds of at least 144000000 (40 hours: the gateway's retry schedule): got 86400000.",
    ],
    [{ size: 1 }, 'memoryInbox: there is no option "size". The options are capacity, retentionMs.'],
  ])('rejects %j', (options, message) => {
    expect(() => memoryInbox(options as object)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message }),
    );
  });
});
