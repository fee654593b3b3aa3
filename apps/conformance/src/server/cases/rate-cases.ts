import { endpoints } from '@cpg/protocol';
import type { Recipe } from '../../core/probes/index.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { allAtOnce, type Hold } from '../concurrency.ts';
import { claimOrigin, fromOtherAddress } from '../origins.ts';
import { assertRoute } from '../routes.ts';
import {
  expectAccepted,
  expectAuthenticated,
  expectNoRateHeaders,
  expectRejected,
  type ServerResponse,
} from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { withFrozenClock } from '../test-hooks.ts';

type Slow = 'slowA' | 'slowB';

const getLimit = (server: ServerUnderTest, role: Slow = 'slowA'): number =>
  server.target.keys[role].rateLimitPerMinute;

const ask = (
  server: ServerUnderTest,
  { role = 'slowA', now, recipe = {} }: { role?: Slow; now: number; recipe?: Recipe },
) => server.ask(recipe, server.basis(role, now));

const spend = async (server: ServerUnderTest, now: number, role: Slow = 'slowA'): Promise<void> => {
  for (let i = 0; i < getLimit(server, role); i++)
    expectAccepted(server.check, await ask(server, { role, now }));
};

const expectLimited = (server: ServerUnderTest, response: ServerResponse): void =>
  expectRejected(server.check, response, REJECTIONS.rateLimit);

/**
 * Three times the limit at once: exactly the limit is accepted. Spreads the timestamps, because requests of one
 * key and second that are equal would be replays.
 */
export const raceAtLimit = async (
  server: ServerUnderTest,
  { role, now, hold }: { readonly role: Slow; readonly now: number; readonly hold: Hold },
): Promise<void> => {
  const limit = getLimit(server, role);
  const requests = Array.from({ length: 3 * limit }, () =>
    server.craft({ body: Buffer.from('{"covered":true}') }, server.basis(role, now)),
  );
  const responses = await allAtOnce(server, requests, hold);
  for (const response of responses)
    if (response.status === 200) expectAccepted(server.check, response);
    else expectLimited(server, response);
  const accepted = responses.filter(({ status }) => status === 200).length;
  server.check.equal(`accepted of ${3 * limit} at once`, { expected: limit, actual: accepted });
};

const atOnce = (hold: Hold) => ({
  id: `rate-race-${hold}`,
  description: `three times the limit at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): exactly the limit is accepted`,
  run: (server: ServerUnderTest) =>
    withFrozenClock(server, (_clock, now) => raceAtLimit(server, { role: 'slowA', now, hold })),
});

/** At most `rate_limit_per_min` requests in one epoch minute. */
export const RATE_CASES = serverCases({ group: 'rate', spec: '§2 restriction 4', needs: ['clock'] }, [
  {
    id: 'rate-exact-limit',
    description:
      'requests up to the limit are accepted, the next one is 429, in the first and the last second of a minute',
    run: (server) =>
      withFrozenClock(server, async (clock, now) => {
        await spend(server, now);
        expectLimited(server, await ask(server, { now }));
        await clock.freeze(now + 59);
        expectLimited(server, await ask(server, { now: now + 59 }));
      }),
  },
  {
    id: 'rate-no-headers',
    description: 'the 429 of a key has neither Retry-After nor X-RateLimit-*',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        await spend(server, now);
        const response = await ask(server, { now });
        expectLimited(server, response);
        expectNoRateHeaders(server.check, response);
      }),
  },
  {
    id: 'rate-epoch-minute',
    description:
      'the window is the epoch minute: a full burst at :59, another at :00, and another a minute later',
    run: (server) =>
      withFrozenClock(server, async (clock, now) => {
        await clock.freeze(now + 59);
        await spend(server, now + 59);
        expectLimited(server, await ask(server, { now: now + 59 }));
        await clock.freeze(now + 60);
        await spend(server, now + 60);
        expectLimited(server, await ask(server, { now: now + 60 }));
        await clock.freeze(now + 120);
        await spend(server, now + 120);
      }),
  },
  {
    id: 'rate-window-not-from-first-hit',
    description: 'one request at :30, the full limit at :00 of the next minute: the count restarted',
    run: (server) =>
      withFrozenClock(server, async (clock, now) => {
        await clock.freeze(now + 30);
        expectAccepted(server.check, await ask(server, { now: now + 30 }));
        await clock.freeze(now + 60);
        await spend(server, now + 60);
        await clock.freeze(now + 91);
        expectLimited(server, await ask(server, { now: now + 91 }));
      }),
  },
  {
    id: 'rate-by-server-clock',
    description: 'the minute is that of the server’s clock, not of the timestamp',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const limit = getLimit(server);
        for (let i = 0; i < limit; i++)
          expectAccepted(
            server.check,
            await ask(server, { now, recipe: { timestamp: String(now + (i % 5) * 60) } }),
          );
        expectLimited(server, await ask(server, { now, recipe: { timestamp: String(now - 120) } }));
      }),
  },
  {
    id: 'rate-keys-do-not-share',
    description: 'two keys with equal limits do not share one count',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        await spend(server, now, 'slowA');
        expectLimited(server, await ask(server, { now, role: 'slowA' }));
        await spend(server, now, 'slowB');
        expectLimited(server, await ask(server, { now, role: 'slowB' }));
      }),
  },
  atOnce('body'),
  atOnce('header-end'),
  {
    id: 'rate-other-address',
    description: 'requests from two addresses of this machine count together',
    run: async (server) => {
      const other = await fromOtherAddress(server);
      await withFrozenClock(server, async (_clock, now) => {
        await spend(server, now);
        expectLimited(server, await ask(other, { now }));
      });
    },
  },
  {
    id: 'rate-other-origin',
    description: 'requests with headers that name different clients count together',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const limit = getLimit(server);
        for (let i = 0; i <= limit; i++) {
          const request = server.craft({}, server.basis('slowA', now));
          const response = await server.send(request, { extraHeaders: claimOrigin(`192.0.2.${i + 1}`) });
          if (i < limit) expectAccepted(server.check, response);
          else expectLimited(server, response);
        }
      }),
  },
  {
    id: 'rate-all-routes-together',
    description: 'requests to different routes, known and unknown, count together',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const limit = getLimit(server);
        const paths = ['_ping', 'balances', 'unknown', 'currencies'];
        for (let i = 0; i < limit + paths.length; i++) {
          const target = `/v1/${paths[i % paths.length]}?nonce=${server.basis().nonce}`;
          const response = await ask(server, { now, recipe: { target } });
          if (i < limit) expectAuthenticated(server.check, response);
          else expectLimited(server, response);
        }
      }),
  },
  {
    id: 'rate-forgeries-are-free',
    description: 'requests with a bad signature do not count',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const forged: Recipe = { mac: () => 'f'.repeat(64) };
        for (let i = 0; i <= getLimit(server); i++)
          expectRejected(
            server.check,
            await ask(server, { now, recipe: forged }),
            REJECTIONS.invalidSignature,
          );
        await spend(server, now);
      }),
  },
  {
    id: 'rate-expired-are-free',
    description: 'requests outside the window do not count',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const expired: Recipe = { timestamp: String(now - 301) };
        for (let i = 0; i <= getLimit(server); i++)
          expectRejected(server.check, await ask(server, { now, recipe: expired }), REJECTIONS.outsideWindow);
        await spend(server, now);
      }),
  },
  {
    id: 'rate-replays-are-free',
    description: 'replayed requests do not count',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const limit = getLimit(server);
        const request = server.craft({}, server.basis('slowA', now));
        expectAccepted(server.check, await server.send(request));
        for (let i = 0; i < limit; i++)
          expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
        for (let i = 1; i < limit; i++) expectAccepted(server.check, await ask(server, { now }));
        expectLimited(server, await ask(server, { now }));
      }),
  },
  {
    id: 'rate-replay-before-limit',
    description: 'a replay beyond the limit is rejected as a replay, not with 429',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        const request = server.craft({}, server.basis('slowA', now));
        expectAccepted(server.check, await server.send(request));
        for (let i = 1; i < getLimit(server); i++) expectAccepted(server.check, await ask(server, { now }));
        expectLimited(server, await ask(server, { now }));
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      }),
  },
  {
    id: 'rate-429-does-not-burn',
    description: 'a 429 does not use up the signature: it is accepted in the next minute, once',
    run: (server) =>
      withFrozenClock(server, async (clock, now) => {
        await spend(server, now);
        const request = server.craft({}, server.basis('slowA', now));
        expectLimited(server, await server.send(request));
        await clock.freeze(now + 60);
        expectAccepted(server.check, await server.send(request));
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      }),
  },
  {
    id: 'rate-before-permission',
    description: 'beyond the limit and without permission: 429',
    spec: '§2.1',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        await spend(server, now);
        const target = `/v1/withdrawals/1?nonce=${server.basis().nonce}`;
        expectLimited(server, await ask(server, { now, recipe: { target } }));
      }),
  },
  {
    id: 'rate-permission-refusals-count',
    description: 'a request without permission was admitted: it counts',
    run: (server) =>
      withFrozenClock(server, async (_clock, now) => {
        await assertRoute(server, endpoints.getWithdrawal, now);
        for (let i = 0; i < getLimit(server); i++) {
          const target = `/v1/withdrawals/1?nonce=${server.basis().nonce}`;
          const response = await ask(server, { now, recipe: { target } });
          server.check.equal('status', { expected: 403, actual: response.status });
        }
        expectLimited(server, await ask(server, { now }));
      }),
  },
]);
