import { ANSWERS } from '../../core/answers.ts';
import { expectAccepted, expectRefused } from '../expect-answer.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { type Hold, simultaneously } from '../simultaneous.ts';
import { type ServerCase, serverCases } from './server-case.ts';

const ROUNDS = 4;

const oneRound = async (server: ServerUnderTest, hold: Hold, copies: number): Promise<void> => {
  const request = server.craft({ body: Buffer.from('{"covered":true}') });
  const answers = await simultaneously(server, request, { hold, copies });
  const accepted = answers.filter(({ status }) => status >= 200 && status < 300);
  server.check.equal(`accepted of ${copies} at once`, { expected: 1, actual: accepted.length });
  for (const answer of answers)
    if (answer.status === 200) expectAccepted(server.check, answer);
    else expectRefused(server.check, answer, ANSWERS.alreadyUsed);
};

const race = (hold: Hold, copies: number): Omit<ServerCase, 'group' | 'spec'> => ({
  id: `race-${hold}-${copies}`,
  description: `the same request ${copies} times at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): exactly one is let in, ${ROUNDS} rounds`,
  timeoutMs: 20_000,
  run: async (server) => {
    for (let round = 0; round < ROUNDS; round++) await oneRound(server, hold, copies);
  },
});

/** Single use under simultaneous arrival. */
export const RACE_CASES = serverCases({ group: 'race', spec: '§2 restriction 2' }, [
  race('body', 2),
  race('body', 20),
  race('header-end', 2),
  race('header-end', 20),
]);
