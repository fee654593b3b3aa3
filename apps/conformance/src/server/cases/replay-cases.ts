import { endpoints, SIGNATURE_HEADER } from '@cpg/protocol';
import { REJECTIONS } from '../../core/rejections.ts';
import { allAtOnce, type Hold, simultaneously } from '../concurrency.ts';
import { assertRoute, assertServed } from '../routes.ts';
import { expectAccepted, expectAuthenticated, expectRejected } from '../server-response.ts';
import { type ServerCase, type ServerUnderTest, serverCases } from '../server-under-test.ts';

/** A signature is good for one accepted request, for as long as its timestamp is inside the window. */
export const REPLAY_CASES = serverCases({ group: 'replay', spec: '§2 restriction 2' }, [
  {
    id: 'replay-same-bytes',
    description: 'the same bytes twice',
    run: async (server) => {
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-other-header-spelling',
    description: 'the same signature with header names in another case and order',
    run: async (server) => {
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      const headers = request.headers
        .map(([name, value]) => [name.toLowerCase(), value] as const)
        .toReversed();
      expectRejected(server.check, await server.send({ ...request, headers }), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-bare-question-mark',
    description: 'the same signature with a bare ? added to the target',
    run: async (server) => {
      await assertRoute(server, endpoints.listBalances);
      const { now, jitter } = server.basis();
      const request = server.craft({ target: '/v1/balances', timestamp: String(now - jitter) });
      expectAccepted(server.check, await server.send(request));
      const response = await server.send({ ...request, target: '/v1/balances?' });
      expectRejected(server.check, response, REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-question-mark-after-query',
    description: 'a ? added to the end of a query makes another request: invalid, not used',
    spec: '§1.2',
    run: async (server) => {
      const { nonce } = server.basis();
      const request = server.craft({ target: `/v1/_ping?nonce=${nonce}&currency=x` });
      expectAccepted(server.check, await server.send(request));
      const response = await server.send({ ...request, target: `${request.target}?` });
      expectRejected(server.check, response, REJECTIONS.invalidSignature);
    },
  },
  {
    id: 'replay-tampered-copy-first',
    description: 'a tampered copy that is rejected does not use up the good signature',
    run: async (server) => {
      const request = server.craft();
      const tampered = { ...request, target: `${request.target}&tampered=1` };
      expectRejected(server.check, await server.send(tampered), REJECTIONS.invalidSignature);
      expectAccepted(server.check, await server.send(request));
    },
  },
  {
    id: 'replay-wrong-key-first',
    description: 'the signature under another key id does not use it up for its own key',
    run: async (server) => {
      const request = server.craft();
      const { keyId } = server.target.keys.other;
      const headers = request.headers.map(([name, value], i) => [name, i === 0 ? keyId : value] as const);
      expectRejected(server.check, await server.send({ ...request, headers }), REJECTIONS.invalidSignature);
      expectAccepted(server.check, await server.send(request));
    },
  },
  {
    id: 'replay-tampered-copy-after',
    description: 'a tampered copy of a used signature is invalid, not used',
    run: async (server) => {
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      const tampered = { ...request, target: `${request.target}&tampered=1` };
      expectRejected(server.check, await server.send(tampered), REJECTIONS.invalidSignature);
    },
  },
  {
    id: 'replay-after-403',
    description: 'a request without permission was admitted: its signature is used',
    run: async (server) => {
      await assertRoute(server, endpoints.listBalances);
      const basis = server.basis('noperm');
      const request = server.craft({ target: `/v1/balances?nonce=${basis.nonce}` }, basis);
      const first = await server.send(request);
      server.check.equal('status of the first', { expected: 403, actual: first.status });
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-after-404',
    description: 'a request for an unknown route was admitted: its signature is used',
    run: async (server) => {
      const { nonce } = server.basis();
      const request = server.craft({ target: `/v1/unknown?nonce=${nonce}` });
      const first = await server.send(request);
      server.check.equal('status of the first', { expected: 404, actual: first.status });
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-after-422',
    description: 'a request with an invalid body was admitted: its signature is used',
    run: async (server) => {
      const { nonce } = server.basis();
      const recipe = { method: 'POST', target: `/v1/withdrawals?nonce=${nonce}`, body: Buffer.from('{}') };
      const request = server.craft(recipe);
      const first = await server.send(request);
      assertServed(server, first, endpoints.createWithdrawal);
      server.check.equal('status of the first', { expected: 422, actual: first.status });
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-same-second-differs',
    description: 'requests of one second that differ in query, path, method or body are all accepted',
    run: async (server) => {
      const basis = server.basis('other');
      const timestamp = String(basis.now);
      const target = `/v1/_ping?nonce=${basis.nonce}`;
      for (const recipe of [
        { target },
        { target: `${target}&b=1` },
        { target: `/v1/balances?nonce=${basis.nonce}` },
        { target, body: Buffer.from('{"covered":1}') },
        { target, body: Buffer.from('{"covered":2}') },
        { target: `/v1/withdrawals?nonce=${basis.nonce}`, method: 'POST', body: Buffer.from('{}') },
      ])
        expectAuthenticated(server.check, await server.ask({ ...recipe, timestamp }, basis));
    },
  },
  {
    id: 'replay-next-second',
    description: 'the same request stamped one second later is another request',
    run: async (server) => {
      const basis = server.basis();
      for (const offset of [0, 1, 2])
        expectAccepted(server.check, await server.ask({ timestamp: String(basis.now + offset) }, basis));
    },
  },
  {
    id: 'replay-two-keys',
    description: 'two keys may send the same request in the same second',
    run: async (server) => {
      const first = server.basis();
      const { keyId, secret } = server.basis('other');
      expectAccepted(server.check, await server.ask({}, first));
      expectAccepted(server.check, await server.ask({ keyId, secret }, first));
    },
  },
  {
    id: 'replay-upper-case-signature',
    description: 'a used signature in upper case is not a new one',
    run: async (server) => {
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      const headers = request.headers.map(
        ([name, value]) => [name, name === SIGNATURE_HEADER ? value.toUpperCase() : value] as const,
      );
      expectRejected(server.check, await server.send({ ...request, headers }), REJECTIONS.invalidSignature);
    },
  },
]);

const ROUNDS = 4;

const oneRound = async (server: ServerUnderTest, hold: Hold, copies: number): Promise<void> => {
  const request = server.craft({ body: Buffer.from('{"covered":true}') }, server.basis('other'));
  const responses = await simultaneously(server, request, { hold, copies });
  const accepted = responses.filter(({ status }) => status >= 200 && status < 300);
  server.check.equal(`accepted of ${copies} at once`, { expected: 1, actual: accepted.length });
  for (const response of responses)
    if (response.status === 200) expectAccepted(server.check, response);
    else expectRejected(server.check, response, REJECTIONS.alreadyUsed);
};

const race = (hold: Hold, copies: number): Omit<ServerCase, 'group' | 'spec'> => ({
  id: `race-${hold}-${copies}`,
  description: `the same request ${copies} times at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): exactly one is accepted, ${ROUNDS} rounds`,
  timeoutMs: 20_000,
  run: async (server) => {
    for (let round = 0; round < ROUNDS; round++) await oneRound(server, hold, copies);
  },
});

const MANY = 10;
/** Several keys, since each has a limit. */
const RACING = ['other', 'readonly', 'noperm'] as const;
const COPIES_OF_MANY = 4;
const MANY_ROUNDS = 12;

/** Many requests at once, each several times: more races in less time. */
const manyAtOnce = async (server: ServerUnderTest, hold: Hold): Promise<void> => {
  const requests = Array.from({ length: MANY }, (_, i) =>
    server.craft({ body: Buffer.from('{"covered":true}') }, server.basis(RACING[i % RACING.length])),
  );
  const copies = requests.flatMap((request) => Array.from({ length: COPIES_OF_MANY }, () => request));
  const responses = await allAtOnce(server, copies, hold);
  for (const response of responses)
    if (response.status === 200) expectAccepted(server.check, response);
    else expectRejected(server.check, response, REJECTIONS.alreadyUsed);
  const accepted = requests.map(
    (request) => responses.filter(({ status }, i) => status === 200 && copies[i] === request).length,
  );
  server.check.equal(`accepted of ${COPIES_OF_MANY} copies of ${MANY} requests at once`, {
    expected: requests.map(() => 1).join(),
    actual: accepted.join(),
  });
};

const raceOfMany = (hold: Hold): Omit<ServerCase, 'group' | 'spec'> => ({
  id: `race-many-${hold}`,
  description: `${MANY} requests ${COPIES_OF_MANY} times each at once (${hold === 'body' ? 'last body byte' : 'end of the headers'} held back): each is accepted once, ${MANY_ROUNDS} rounds. A race that a server loses once in 40 times is found with 95 %`,
  timeoutMs: 30_000,
  run: async (server) => {
    for (let round = 0; round < MANY_ROUNDS; round++) await manyAtOnce(server, hold);
  },
});

/** Single use under simultaneous arrival. */
export const RACE_CASES = serverCases({ group: 'race', spec: '§2 restriction 2' }, [
  raceOfMany('body'),
  raceOfMany('header-end'),
  race('body', 2),
  race('body', 20),
  race('header-end', 2),
  race('header-end', 20),
]);
