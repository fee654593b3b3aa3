import { REJECTIONS } from '../../core/rejections.ts';
import type { Reply } from '../capture-server.ts';
import { type CapturedRequest, STEPPED_AHEAD } from '../captured-request.ts';
import { type Call, type ClientUnderTest, clientCases, type Scene } from '../client-under-test.ts';
import { expectData } from '../expect-result.ts';
import { MANY_CALLS, manyAtOnce } from '../many-at-once.ts';
import { rejection, success, WITHDRAWAL_ARGS } from '../replies.ts';

const UNAVAILABLE = rejection(
  { status: 503, message: 'Service temporarily unavailable' },
  { 'Retry-After': '1' },
);
const HANG_UP: Reply = { raw: '' };
const RESET: Reply = { reset: true };
const HALF: Reply = { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"success":tr' };
const MAX_ATTEMPTS = 8;

const trouble = (reply: Reply, call: Call, look: (scene: Scene) => void) => async (client: ClientUnderTest) =>
  client.play({ label: 'trouble', respond: () => reply }, async (scene) => {
    const moved = client.movableNow();
    const result = await scene.call({ ...call, ...moved });
    client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
    const requests = scene.captured();
    client.check.that(requests.length >= 1 && requests.length <= MAX_ATTEMPTS, {
      what: 'attempts',
      expected: `1 to ${MAX_ATTEMPTS}`,
      actual: String(requests.length),
    });
    const signatures = new Set(requests.map(({ signature }) => signature));
    client.check.equal('distinct signatures', { expected: requests.length, actual: signatures.size });
    scene.expectAllSigned({ ...moved, elapsed: result.elapsed });
    look(scene);
  });

/** The idempotency reference in a body that was sent. A client may create its own. */
const referenceIn = ({ body }: CapturedRequest): unknown =>
  (JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>).client_reference ?? undefined;

const expectSafePosts = ({ check }: ClientUnderTest, scene: Scene): void => {
  const requests = scene.captured();
  const bodies = new Set(requests.map(({ body }) => body.toString('latin1')));
  check.equal('distinct bodies of one call', { expected: 1, actual: bodies.size });
  const isRepeatable = requests.every((request) => referenceIn(request) !== undefined);
  check.equal('requests', {
    expected: isRepeatable ? requests.length : 1,
    actual: requests.length,
    hint: 'Without an idempotency reference a second POST may withdraw twice.',
  });
};

const post = (reply: Reply, client_reference?: string) => (client: ClientUnderTest) => {
  const args = client_reference === undefined ? WITHDRAWAL_ARGS : { ...WITHDRAWAL_ARGS, client_reference };
  const call: Call = { operation: 'withdrawals.create', args };
  return trouble(reply, call, (scene) => expectSafePosts(client, scene))(client);
};

const freshSignature = (reply: Reply) => trouble(reply, { operation: 'balances.list' }, () => undefined);

/** The kind and status of the error when a withdrawal gets this reply. */
const getKind = async (client: ClientUnderTest, reply: Reply) => {
  let found = { kind: '', status: 0 };
  await client.play({ label: 'kind', respond: () => reply }, async (scene) => {
    const call: Call = { operation: 'withdrawals.create', args: WITHDRAWAL_ARGS, ...client.movableNow() };
    const result = await scene.call(call);
    client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
    if (!result.ok) found = { kind: result.error.kind, status: result.error.status ?? 0 };
  });
  return found;
};

/** Retries after an unknown outcome, and unique signatures. */
export const ATTEMPT_CASES = clientCases({ group: 'attempts', spec: '§6.2, §6.6', timeoutMs: 40_000 }, [
  {
    id: 'attempt-503-get',
    description:
      'a GET that gets 503 is retried with a new signature, a limited number of times, or not at all',
    run: freshSignature(UNAVAILABLE),
  },
  {
    id: 'attempt-hang-up-get',
    description: 'a GET whose connection is closed is retried with a new signature, or not at all',
    run: freshSignature(HANG_UP),
  },
  {
    id: 'attempt-reset-get',
    description: 'a GET whose connection is reset is retried with a new signature, or not at all',
    run: freshSignature(RESET),
  },
  {
    id: 'attempt-half-answer-get',
    description: 'a GET that gets half a response is retried with a new signature, or not at all',
    run: freshSignature(HALF),
  },
  {
    id: 'attempt-hang-up-post',
    description: 'a POST without a reference is not retried when the response is lost',
    run: post(HANG_UP),
  },
  {
    id: 'attempt-reset-post',
    description: 'a POST without a reference is not retried when the connection is reset',
    run: post(RESET),
  },
  {
    id: 'attempt-half-answer-post',
    description: 'a POST without a reference is not retried after half a response',
    run: post(HALF),
  },
  ...[500, 502, 503, 504].map((status) => ({
    id: `attempt-${status}-post`,
    description: `a POST without a reference that gets ${status} is not retried`,
    run: post(rejection({ status, message: 'Service temporarily unavailable' }, { 'Retry-After': '1' })),
  })),
  {
    id: 'attempt-503-post-reference',
    description: 'a POST with a reference keeps its body bytes in every attempt',
    run: post(UNAVAILABLE, 'reference-1'),
  },
  {
    id: 'attempt-hang-up-post-reference',
    description: 'a POST with a reference whose response is lost keeps its body bytes in every attempt',
    run: post(HANG_UP, 'reference-1'),
  },
  {
    id: 'attempt-lost-post-is-no-refusal',
    spec: '§6.6',
    needs: ['errors'],
    description: 'a withdrawal whose response is lost ends with another kind of error than a rejected one',
    run: async (client) => {
      const rejected = await getKind(
        client,
        rejection({ status: 400, message: 'Insufficient available balance' }),
      );
      for (const reply of [HANG_UP, RESET, HALF]) {
        const lost = await getKind(client, reply);
        client.check.that(lost.kind !== rejected.kind && lost.status < 400, {
          what: 'kind and status of the error',
          expected: `not ${rejected.kind}, and not the status of a rejection: the withdrawal may have been made`,
          actual: `${lost.kind}, ${lost.status}`,
        });
      }
    },
  },
  {
    id: 'attempt-same-second',
    description: 'three identical calls within one second have three signatures',
    spec: '§6.3',
    needs: ['memory'],
    run: (client) =>
      client.play({ label: 'same-second', respond: () => success('balances.list') }, async (scene) => {
        for (let i = 0; i < 3; i++)
          expectData(
            client,
            await scene.call({ operation: 'balances.list', args: { currency: 'USDT' } }),
            'balances.list',
          );
        client.check.equal('requests', { expected: 3, actual: scene.captured().length });
        scene.expectAllSigned();
      }),
  },
  {
    id: 'attempt-same-second-post',
    description: 'three equal withdrawals without a reference within one second have three signatures',
    spec: '§6.3',
    needs: ['memory'],
    run: (client) =>
      client.play(
        { label: 'same-second-post', respond: () => success('withdrawals.create') },
        async (scene) => {
          const call: Call = { operation: 'withdrawals.create', args: WITHDRAWAL_ARGS };
          for (let i = 0; i < 3; i++) expectData(client, await scene.call(call), 'withdrawals.create');
          client.check.equal('requests', { expected: 3, actual: scene.captured().length });
          scene.expectAllSigned();
        },
      ),
  },
  {
    id: 'attempt-same-second-question-mark',
    description: 'two identical calls within one second with a filter that ends in ?: both have the filter',
    spec: '§1.2, §6.3',
    needs: ['memory'],
    run: (client) =>
      client.play({ label: 'question-mark', respond: () => success('balances.list') }, async (scene) => {
        for (let i = 0; i < 2; i++) {
          const call: Call = { operation: 'balances.list', args: { currency: 'x?' } };
          expectData(client, await scene.call(call), 'balances.list');
          client.check.equal('currency, decoded', {
            expected: 'x?',
            actual: new URLSearchParams(scene.captured().at(-1)?.query).get('currency') ?? '(none)',
          });
        }
        scene.expectAllSigned();
      }),
  },
  {
    id: 'attempt-same-second-at-once',
    description: 'five identical calls at the same time have five signatures',
    spec: '§6.3',
    needs: ['memory'],
    run: (client) =>
      client.play({ label: 'at-once', respond: () => success('ping') }, async (scene) => {
        const calls = Array.from({ length: 5 }, () => scene.call({ operation: 'ping' }));
        for (const response of await Promise.all(calls)) expectData(client, response, 'ping');
        client.check.equal('requests', { expected: 5, actual: scene.captured().length });
        scene.expectAllSigned();
      }),
  },
  {
    id: 'attempt-most-ahead',
    description: `${MANY_CALLS} identical calls in one second: none is stamped more than ${STEPPED_AHEAD} s ahead; further ones wait or get the parameter _`,
    spec: '§6.3',
    needs: ['memory'],
    run: manyAtOnce,
  },
  {
    id: 'attempt-already-used',
    description:
      'after a rejection of its signature as already used, the client never repeats that signature',
    run: (client) =>
      client.play(
        { label: 'already-used', respond: () => rejection(REJECTIONS.alreadyUsed) },
        async (scene) => {
          const moved = client.movableNow();
          const result = await scene.call({ operation: 'ping', ...moved });
          client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
          scene.expectAllSigned({ ...moved, elapsed: result.elapsed });
        },
      ),
  },
]);
