import { pause, scaleDeadline } from '../../core/case-scope.ts';
import { NotApplicable } from '../../core/checker.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { type Hold, simultaneously } from '../concurrency.ts';
import { expectAccepted, expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';

const ROUNDS = 4;
const COPIES = 10;
const LEFT_OF_MINUTE_S = 8;

/** The two instances, this one first. */
const instances = (server: ServerUnderTest): readonly [ServerUnderTest, ServerUnderTest] => {
  if (server.target.peer === undefined) throw new NotApplicable('needs: peer');
  return [server, server.at(server.target.peer)];
};

const useThenReplay = async (first: ServerUnderTest, second: ServerUnderTest): Promise<void> => {
  const request = first.craft();
  expectAccepted(first.check, await first.send(request));
  expectRejected(second.check, await second.send(request), REJECTIONS.alreadyUsed);
};

const race = (hold: Hold) => ({
  id: `peer-race-${hold}`,
  description: `the same request ${COPIES} times at once to each instance (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): exactly one is accepted, ${ROUNDS} rounds`,
  timeoutMs: 20_000,
  run: async (server: ServerUnderTest) => {
    for (let round = 0; round < ROUNDS; round++) {
      const request = server.craft({ body: Buffer.from('{"covered":true}') }, server.basis('other'));
      const options = { hold, copies: COPIES };
      const each = instances(server).map((instance) => simultaneously(instance, request, options));
      const responses = (await Promise.all(each)).flat();
      const accepted = responses.filter(({ status }) => status >= 200 && status < 300);
      server.check.equal(`accepted of ${2 * COPIES} at once`, { expected: 1, actual: accepted.length });
      for (const response of responses)
        if (response.status === 200) expectAccepted(server.check, response);
        else expectRejected(server.check, response, REJECTIONS.alreadyUsed);
    }
  },
});

const untilNextMinute = (server: ServerUnderTest): Promise<void> =>
  pause((60 - (server.now() % 60) + 1.5) * 1000);

/** Uses up the limit of `slowA` on both instances in turn, then expects 429 from both. */
const spendTogether = async (server: ServerUnderTest): Promise<void> => {
  const both = instances(server);
  const [here, there] = both;
  if (60 - (server.now() % 60) < Math.min(50, scaleDeadline(LEFT_OF_MINUTE_S))) await untilNextMinute(server);
  let first = await here.ask({}, here.basis('slowA'));
  if (first.status === 429) {
    // An earlier run may have used up this minute.
    await untilNextMinute(server);
    first = await here.ask({}, here.basis('slowA'));
  }
  expectAccepted(here.check, first);
  for (let i = 1; i < server.target.keys.slowA.rateLimitPerMinute; i++) {
    const instance = i % 2 === 0 ? here : there;
    expectAccepted(instance.check, await instance.ask({}, instance.basis('slowA')));
  }
  for (const instance of both) {
    const response = await instance.ask({}, instance.basis('slowA'));
    expectRejected(instance.check, response, REJECTIONS.rateLimit);
  }
};

/** Two instances that share an admission store act as one server. */
export const PEER_CASES = serverCases({ group: 'peer', spec: '§2 restriction 2', needs: ['peer'] }, [
  {
    id: 'peer-used-here',
    description: 'a signature that was used on the first instance is used on the second',
    run: (server) => useThenReplay(...instances(server)),
  },
  {
    id: 'peer-used-there',
    description: 'a signature that was used on the second instance is used on the first',
    run: (server) => {
      const [here, there] = instances(server);
      return useThenReplay(there, here);
    },
  },
  race('body'),
  race('header-end'),
  {
    id: 'peer-rate-together',
    description:
      'the instances count a key’s requests together (waits for the next minute when this one is nearly over)',
    spec: '§2 restriction 4',
    timeoutMs: 90_000,
    run: spendTogether,
  },
  {
    id: 'peer-refusal-does-not-burn',
    description: 'a request rejected by the first instance is accepted by the second',
    run: async (server) => {
      const [here, there] = instances(server);
      const request = here.craft();
      const tampered = { ...request, target: `${request.target}&tampered=1` };
      expectRejected(here.check, await here.send(tampered), REJECTIONS.invalidSignature);
      expectAccepted(there.check, await there.send(request));
    },
  },
]);
