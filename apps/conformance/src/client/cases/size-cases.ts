import type { ClientUnderTest } from '../client-under-test.ts';
import { ENORMOUS_BYTES, enormousBody, enormousChunkedBody, packedEnormousBody } from '../endless-bodies.ts';
import { expectError } from '../expect-reading.ts';
import type { Reply } from '../reply.ts';
import { clientCases } from './client-case.ts';

/** What one connection may take before the client hangs up; what the system holds in between counts too. */
const MOST_BYTES_TAKEN = 64 * 2 ** 20;

const answered = async (client: ClientUnderTest, reply: Reply): Promise<void> =>
  client.play({ label: 'enormous', respond: () => reply }, async (scene) => {
    const moved = client.movableNow();
    const answer = await scene.call({ operation: 'balances.list', ...moved });
    const taken = scene.server.mostBytesTaken();
    scene.expectAllSigned({ ...moved, elapsed: answer.elapsed });
    expectError(client, answer);
    client.check.recommends(taken <= MOST_BYTES_TAKEN, {
      what: 'bytes that the client took of one answer',
      expected: `at most ${MOST_BYTES_TAKEN}: no answer of this API is longer`,
      actual: String(taken),
      hint: 'Set a limit on what is read of an answer: memory is not the place to find it.',
    });
  });

/** Answers that do not fit into memory. The contract names no limit, so that a client without one is warned about. */
export const SIZE_CASES = clientCases({ group: 'size', spec: '§6', timeoutMs: 40_000, needs: ['errors'] }, [
  {
    id: 'size-enormous',
    level: 'SHOULD',
    description: 'a JSON answer of 100 MiB, announced: an error, before all of it was read',
    run: (client) =>
      answered(client, {
        status: 200,
        headers: { 'Content-Length': String(ENORMOUS_BYTES) },
        stream: enormousBody,
      }),
  },
  {
    id: 'size-enormous-chunked',
    description: '100 MiB in chunks that never come to an end: an error, before all of it was read',
    run: (client) =>
      answered(client, {
        status: 200,
        headers: { 'Transfer-Encoding': 'chunked' },
        stream: enormousChunkedBody,
      }),
  },
  {
    id: 'size-enormous-error',
    description: 'a 403 with a body of 100 MiB: an error, before all of it was read',
    run: (client) =>
      answered(client, {
        status: 403,
        headers: { 'Content-Length': String(ENORMOUS_BYTES) },
        stream: enormousBody,
      }),
  },
  {
    id: 'size-gzip-bomb',
    level: 'SHOULD',
    description: '100 kB of gzip that hold 100 MiB of JSON: an error',
    run: async (client) =>
      answered(client, {
        status: 200,
        headers: { 'Content-Encoding': 'gzip' },
        body: await packedEnormousBody(),
      }),
  },
]);
