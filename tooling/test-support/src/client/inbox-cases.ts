import { randomUUID } from 'node:crypto';
import type { WebhookClaim, WebhookInbox } from '@cpg/client';
import { expect, it } from 'vitest';

const LONG = 60_000;
const LEASE = { timeout: 30_000, interval: 20 };

export const makeClaim = (eventId: number): WebhookClaim => ({ eventId, token: randomUUID() });

let eventId = 1_000_000;

/** The tests that every inbox passes, each with events of its own. */
export const itIsAnInbox = (getInbox: () => WebhookInbox): void => {
  const twoClaims = () => {
    eventId += 1;
    return [makeClaim(eventId), makeClaim(eventId)] as const;
  };

  it('gives an event to one of 50 claims', async () => {
    const inbox = getInbox();
    const [{ eventId: id }] = twoClaims();
    const claims = Array.from({ length: 50 }, () => makeClaim(id));
    const results = await Promise.all(claims.map((claim) => inbox.claim(claim, LONG)));
    expect(results.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    for (const result of results) {
      if (result.state === 'claimed') continue;
      expect(result).toEqual({ state: 'busy', leaseEndsInMs: expect.any(Number) });
      if (result.state !== 'busy') continue;
      expect(result.leaseEndsInMs).toBeGreaterThan(0);
      expect(result.leaseEndsInMs).toBeLessThanOrEqual(LONG);
    }
  });

  it('accepts the same claim again, whose reply may have been lost', async () => {
    const inbox = getInbox();
    const [first, second] = twoClaims();
    expect(await inbox.claim(first, LONG)).toEqual({ state: 'claimed' });
    expect(await inbox.claim(first, LONG)).toEqual({ state: 'claimed' });
    expect(await inbox.claim(second, LONG)).toMatchObject({ state: 'busy' });
  });

  it('keeps an event that was handled', async () => {
    const inbox = getInbox();
    const [first, second] = twoClaims();
    await inbox.claim(first, LONG);
    expect(await inbox.complete(first)).toBe(true);
    // The reply of the first may have been lost.
    expect(await inbox.complete(first)).toBe(true);
    expect(await inbox.claim(second, LONG)).toEqual({ state: 'handled' });
    await inbox.release(first);
    await inbox.release(second);
    await inbox.renew?.(first, 1);
    expect(await inbox.claim(first, LONG)).toEqual({ state: 'handled' });
  });

  it('gives up an event for its claim only', async () => {
    const inbox = getInbox();
    const [first, second] = twoClaims();
    await inbox.claim(first, LONG);
    await inbox.release(second);
    expect(await inbox.claim(second, LONG)).toMatchObject({ state: 'busy' });
    await inbox.release(first);
    expect(await inbox.claim(second, LONG)).toEqual({ state: 'claimed' });
  });

  it('gives an event to another claim when its lease ends, and not before', async () => {
    const inbox = getInbox();
    const [first, second] = twoClaims();
    const startedAt = performance.now();
    await inbox.claim(first, 300);
    await expect.poll(() => inbox.claim(second, LONG), LEASE).toEqual({ state: 'claimed' });
    expect(performance.now() - startedAt).toBeGreaterThan(200);
    expect(await inbox.claim(first, LONG)).toMatchObject({ state: 'busy' });
    await inbox.release(first);
    await inbox.renew?.(first, LONG);
    // The work of the first was done too, so the event is not handled a third time.
    expect(await inbox.complete(first)).toBe(false);
    expect(await inbox.claim(makeClaim(first.eventId), LONG)).toEqual({ state: 'handled' });
    await inbox.release(second);
    expect(await inbox.claim(makeClaim(first.eventId), LONG)).toEqual({ state: 'handled' });
    expect(await inbox.complete(second)).toBe(true);
  });

  it('completes a claim whose lease has ended, if there is no other', async () => {
    const inbox = getInbox();
    const [first, second] = twoClaims();
    await inbox.claim(first, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await inbox.complete(first)).toBe(true);
    expect(await inbox.claim(second, LONG)).toEqual({ state: 'handled' });
  });

  it('renews a lease', async () => {
    const inbox = getInbox();
    const [first, second] = twoClaims();
    await inbox.claim(first, 5_000);
    await inbox.renew?.(first, LONG);
    await inbox.renew?.(second, 1);
    const result = await inbox.claim(second, LONG);
    expect(result).toMatchObject({ state: 'busy' });
    expect(result.state === 'busy' && result.leaseEndsInMs).toBeGreaterThan(5_000);
  });
};
