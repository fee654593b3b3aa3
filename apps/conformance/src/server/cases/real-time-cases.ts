import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWERS } from '../../core/answers.ts';
import { expectAccepted, expectRefused } from '../expect-answer.ts';
import { headerOf } from '../server-answer.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { serverCases } from './server-case.ts';

/** Waits until the server's clock is a second or two into its next epoch minute. */
const untilNextMinute = (server: ServerUnderTest): Promise<void> =>
  sleep((60 - (server.now() % 60) + 1.5) * 1000);

const spend = async (server: ServerUnderTest, role: 'slowA' | 'slowB'): Promise<void> => {
  for (let i = 0; i < server.target.keys[role].rateLimitPerMinute; i++)
    expectAccepted(server.check, await server.ask({}, server.basis(role)));
};

const expectLimited = async (server: ServerUnderTest, role: 'slowA' | 'slowB'): Promise<void> => {
  const answer = await server.ask({}, server.basis(role));
  expectRefused(server.check, answer, ANSWERS.rateLimit);
  server.check.equal('Retry-After', { expected: undefined, actual: headerOf(answer, 'retry-after') });
};

/** What the cases with a movable clock ask for, as far as real time can show it, for a server without one. They wait. */
export const REAL_TIME_CASES = serverCases(
  { group: 'real time', spec: '§2 restriction 4', timeoutMs: 200_000 },
  [
    {
      id: 'real-time-rate',
      description:
        'two keys with equal limits each have theirs to the full, then 429, and again in the next epoch minute (waits up to 2 minutes)',
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
      description: 'a signature is still remembered after 61 s (waits as long)',
      spec: '§2 restriction 2',
      run: async (server) => {
        const request = server.craft();
        expectAccepted(server.check, await server.send(request));
        await sleep(61_000);
        expectRefused(server.check, await server.send(request), ANSWERS.alreadyUsed);
      },
    },
  ],
);
