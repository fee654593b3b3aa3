import { pause } from '../../core/case-scope.ts';
import { NotApplicable } from '../../core/checker.ts';
import { type ExpectedRejection, REJECTIONS } from '../../core/rejections.ts';
import {
  expectAccepted,
  expectRejected,
  expectResponse,
  getHeader,
  type ServerResponse,
} from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';

// The second may change in every attempt on a slow machine.
const ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_MS = 230;

/** Waits until the server's clock is a second or two into its next epoch minute. */
const untilNextMinute = (server: ServerUnderTest): Promise<void> =>
  pause((60 - (server.now() % 60) + 1.5) * 1000);

const spend = async (server: ServerUnderTest, role: 'slowA' | 'slowB'): Promise<void> => {
  for (let i = 0; i < server.target.keys[role].rateLimitPerMinute; i++)
    expectAccepted(server.check, await server.ask({}, server.basis(role)));
};

const expectLimited = async (server: ServerUnderTest, role: 'slowA' | 'slowB'): Promise<void> => {
  const response = await server.ask({}, server.basis(role));
  expectRejected(server.check, response, REJECTIONS.rateLimit);
  server.check.equal('Retry-After', { expected: undefined, actual: getHeader(response, 'retry-after') });
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
    if (attempt > 0) await pause(BETWEEN_ATTEMPTS_MS);
    last = (await askAt(server, offset)) ?? last;
  }
  if (last === undefined) throw new NotApplicable('needs: a Date header that tells the seconds');
  expectResponse(server.check, last, expected);
};

/** Replaces the clock cases for a server without a movable clock, as far as waiting in real time can. */
export const REAL_TIME_CASES = serverCases(
  { group: 'real time', spec: '§2 restriction 4', timeoutMs: 200_000 },
  [
    {
      id: 'real-time-window',
      description:
        'exactly 300 s off, either way, is accepted, and 301 s is not, by the Date header of the server',
      spec: '§2 restriction 1',
      run: async (server) => {
        for (const offset of [-300, 300]) await expectAtEdge(server, offset, 'accepted');
        for (const offset of [-301, 301]) await expectAtEdge(server, offset, REJECTIONS.outsideWindow);
      },
    },
    {
      id: 'real-time-rate',
      description:
        'two keys with equal limits each get their full limit, then 429, and again in the next epoch minute (waits up to 2 minutes)',
      run: async (server) => {
        await untilNextMinute(server);
        await spend(server, 'slowA');
        await expectLimited(server, 'slowA');
        await spend(server, 'slowB');
        await expectLimited(server, 'slowB');
        await untilNextMinute(server);
        await spend(server, 'slowA');
        await expectLimited(server, 'slowA');
      },
    },
    {
      id: 'real-time-replay',
      description: 'a signature is still remembered after 61 s (waits that long)',
      spec: '§2 restriction 2',
      run: async (server) => {
        const request = server.craft();
        expectAccepted(server.check, await server.send(request));
        await pause(61_000);
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      },
    },
  ],
);
