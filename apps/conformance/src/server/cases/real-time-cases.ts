import { scaleDeadline } from '../../core/case-scope.ts';
import { NotApplicable } from '../../core/checker.ts';
import type { CraftedRequest } from '../../core/probes/index.ts';
import { type ExpectedRejection, REJECTIONS } from '../../core/rejections.ts';
import { claimOrigin, fromOtherAddress } from '../origins.ts';
import {
  expectAccepted,
  expectAuthenticated,
  expectNoRateHeaders,
  expectRejected,
  expectResponse,
  getHeader,
  type ServerResponse,
} from '../server-response.ts';
import { type ServerTarget, type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { raceAtLimit } from './rate-cases.ts';
import { FURTHER_COUNT, sendFurther } from './replay-memory-cases.ts';

type Slow = 'slowA' | 'slowB';

// The second may change in every attempt on a slow machine.
const ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_S = 0.23;

const getMinute = (server: ServerUnderTest): number => Math.floor(server.now() / 60);

/** Waits until the server's clock is a second or two into its next epoch minute. */
const untilNextMinute = (server: ServerUnderTest): Promise<void> =>
  server.wait(60 - (server.now() % 60) + 1.5);

/** Seconds of a minute that a case may need. */
const NEEDED_S = 20;

/** The minute in which each key was last used. */
const lastUse = new WeakMap<ServerTarget, Map<Slow, number>>();

/** Waits for a minute in which these keys were not used, unless this is one with enough time left. */
const untilUnused = async (server: ServerUnderTest, roles: readonly Slow[]): Promise<void> => {
  const minutes = lastUse.get(server.target) ?? new Map<Slow, number>();
  lastUse.set(server.target, minutes);
  // An earlier run may have used a key in this minute.
  const isUnused = roles.every((role) => (minutes.get(role) ?? getMinute(server)) < getMinute(server));
  if (!isUnused || 60 - (server.now() % 60) < Math.min(45, scaleDeadline(NEEDED_S)))
    await untilNextMinute(server);
  for (const role of roles) minutes.set(role, getMinute(server));
};

/** Runs the body with keys that were not used in this minute; again when the minute was over meanwhile. */
const inOneMinute = async (
  server: ServerUnderTest,
  roles: readonly Slow[],
  body: () => Promise<void>,
): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    await untilUnused(server, roles);
    const minute = getMinute(server);
    try {
      return await body();
    } catch (error) {
      if (getMinute(server) === minute || attempt === 2) throw error;
    }
  }
};

const getLimit = (server: ServerUnderTest, role: Slow): number => server.target.keys[role].rateLimitPerMinute;

const spend = async (server: ServerUnderTest, role: Slow, left = 0): Promise<void> => {
  for (let i = left; i < getLimit(server, role); i++)
    expectAccepted(server.check, await server.ask({}, server.basis(role)));
};

const expectLimited = async (
  server: ServerUnderTest,
  role: Slow,
  request = server.craft({}, server.basis(role)),
): Promise<void> => {
  const response = await server.send(request);
  expectRejected(server.check, response, REJECTIONS.rateLimit);
  expectNoRateHeaders(server.check, response);
};

const getDate = (response: ServerResponse): number => Date.parse(getHeader(response, 'date') ?? '') / 1000;

/**
 * Sends a request stamped so many seconds off the server's clock; `undefined` when that second changed in the
 * meantime.
 */
const askAt = async (server: ServerUnderTest, offset: number): Promise<ServerResponse | undefined> => {
  const before = getDate(await server.ask({ headers: () => [] }));
  const response = await server.ask({ timestamp: String(before + offset) });
  return getDate(response) === before ? response : undefined;
};

/** The `Date` header may lag behind the server's clock, so one expected response is enough. */
const expectAtEdge = async (
  server: ServerUnderTest,
  offset: number,
  expected: 'accepted' | ExpectedRejection,
): Promise<void> => {
  const status = expected === 'accepted' ? 200 : expected.status;
  let last: ServerResponse | undefined;
  for (let attempt = 0; attempt < ATTEMPTS && last?.status !== status; attempt++) {
    if (attempt > 0) await server.wait(BETWEEN_ATTEMPTS_S);
    last = (await askAt(server, offset)) ?? last;
  }
  if (last === undefined) throw new NotApplicable('needs: a Date header that tells the seconds');
  expectResponse(server.check, last, expected);
};

const LATE_IN_MINUTE_S = 40;

/** One key at the begin of a minute and one late in it; then the second one early in the next minute. */
const rate = async (server: ServerUnderTest): Promise<void> => {
  let limited: CraftedRequest | undefined;
  await inOneMinute(server, ['slowA', 'slowB'], async () => {
    await spend(server, 'slowA');
    await expectLimited(server, 'slowA');
    await server.wait(Math.max(0, LATE_IN_MINUTE_S - (server.now() % 60)));
    await expectLimited(server, 'slowA');
    await spend(server, 'slowB');
    limited = server.craft({}, server.basis('slowB'));
    await expectLimited(server, 'slowB', limited);
  });
  await inOneMinute(server, ['slowB'], async () => {
    if (limited === undefined) throw new Error('no request was rejected for the rate');
    const request = limited;
    // In another attempt, this one is used already.
    limited = server.craft({}, server.basis('slowB'));
    expectAccepted(server.check, await server.send(request));
    expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    await spend(server, 'slowB', 1);
    await expectLimited(server, 'slowB');
  });
};

/** Requests that differ in everything but the key count together. */
const together = async (server: ServerUnderTest): Promise<void> => {
  const other = await fromOtherAddress(server).catch((error: unknown) => {
    if (error instanceof NotApplicable) return server;
    throw error;
  });
  const paths = ['_ping', 'balances', 'unknown', 'withdrawals/1'];
  const ask = (i: number): Promise<ServerResponse> => {
    const from = i % 2 === 0 ? server : other;
    const basis = from.basis('slowA');
    const target = `/v1/${paths[i % paths.length]}?nonce=${basis.nonce}`;
    const timestamp = String(basis.now + ((i % 4) - 1) * 60);
    return from.send(from.craft({ target, timestamp }, basis), {
      extraHeaders: claimOrigin(`192.0.2.${i + 1}`),
    });
  };
  await inOneMinute(server, ['slowA'], async () => {
    const limit = getLimit(server, 'slowA');
    for (let i = 0; i < limit + 2 * paths.length; i++) {
      const response = await ask(i);
      if (i < limit) expectAuthenticated(server.check, response);
      else expectRejected(server.check, response, REJECTIONS.rateLimit);
    }
  });
};

/** Requests that were not admitted do not count. */
const free = (server: ServerUnderTest): Promise<void> =>
  inOneMinute(server, ['slowA'], async () => {
    const limit = getLimit(server, 'slowA');
    const used = server.craft({}, server.basis('slowA'));
    expectAccepted(server.check, await server.send(used));
    for (let i = 0; i <= limit; i++) {
      const basis = server.basis('slowA');
      const forged = await server.ask({ mac: () => 'f'.repeat(64) }, basis);
      expectRejected(server.check, forged, REJECTIONS.invalidSignature);
      const expired = await server.ask({ timestamp: String(basis.now - 600) }, basis);
      expectRejected(server.check, expired, REJECTIONS.outsideWindow);
      expectRejected(server.check, await server.send(used), REJECTIONS.alreadyUsed);
    }
    await spend(server, 'slowA', 1);
    await expectLimited(server, 'slowA');
    expectRejected(server.check, await server.send(used), REJECTIONS.alreadyUsed);
  });

const REMEMBERED_S = 61;
/** Stamped ahead, so that it is still inside the window after all cases. */
const AHEAD_S = 290;
const MAX_AGE_S = 400;

interface Early {
  readonly request: CraftedRequest;
  readonly sentAt: number;
}

/** A request of each server that was accepted, so that its memory can be judged without waiting once more. */
const early = new WeakMap<ServerTarget, Early>();

const sendEarly = async (server: ServerUnderTest): Promise<Early> => {
  const earlier = early.get(server.target);
  if (earlier !== undefined && server.now() - earlier.sentAt < MAX_AGE_S) return earlier;
  const sentAt = server.now();
  const request = server.craft({ timestamp: String(sentAt + AHEAD_S) });
  const sent = { request, sentAt };
  early.set(server.target, sent);
  expectAccepted(server.check, await server.send(sent.request));
  return sent;
};

/** Whether a signature is remembered for a minute, and across more than 2,000 others. */
const remember = async (server: ServerUnderTest): Promise<void> => {
  const { request, sentAt } = await sendEarly(server);
  await server.wait(Math.max(0, sentAt + REMEMBERED_S - server.now()));
  expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
  await sendFurther(server);
  await untilNextMinute(server);
  await sendFurther(server);
  expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
};

/** Replaces the clock cases for a server without a movable clock, as far as waiting in real time can. */
export const REAL_TIME_CASES = serverCases(
  { group: 'real time', spec: '§2 restriction 4', timeoutMs: 300_000 },
  [
    {
      id: 'real-time-window',
      description:
        'exactly 300 s off, either way, is accepted, and 301 s is not, by the Date header of the server',
      spec: '§2 restriction 1',
      run: async (server) => {
        await sendEarly(server);
        for (const offset of [-300, 300]) await expectAtEdge(server, offset, 'accepted');
        for (const offset of [-301, 301]) await expectAtEdge(server, offset, REJECTIONS.outsideWindow);
      },
    },
    {
      id: 'real-time-rate',
      description:
        'two keys each get their full limit in an epoch minute, and 429 without rate headers until it ends; a request rejected so is accepted in the next minute, once (waits up to 2 minutes)',
      run: rate,
    },
    {
      id: 'replay-after-many',
      description: `a signature is still used after ${FURTHER_COUNT} other requests of three keys, one of them its own`,
      spec: '§2 restriction 2',
      run: async (server) => {
        const request = server.craft({}, server.basis('other'));
        expectAccepted(server.check, await server.send(request));
        await sendFurther(server);
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      },
    },
    {
      id: 'real-time-rate-together',
      description:
        'requests of one key from two addresses, to all routes, with forwarding headers and timestamps up to 2 minutes apart count together (waits up to a minute)',
      run: together,
    },
    {
      id: 'real-time-rate-free',
      description:
        'forged, expired and replayed requests do not count, and a replay beyond the limit is rejected as a replay (waits up to a minute)',
      run: free,
    },
    ...(['body', 'header-end'] as const).map((hold, i) => ({
      id: `real-time-rate-race-${hold}`,
      description: `three times the limit at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): exactly the limit is accepted (waits up to a minute)`,
      run: (server: ServerUnderTest) => {
        const role = i === 0 ? 'slowB' : 'slowA';
        return inOneMinute(server, [role], () => raceAtLimit(server, { role, now: server.now(), hold }));
      },
    })),
    {
      id: 'real-time-replay',
      description:
        'a signature is still remembered after 61 s, and after 2,040 other requests in two minutes (waits up to 2 minutes)',
      spec: '§2 restriction 2',
      run: remember,
    },
  ],
);
