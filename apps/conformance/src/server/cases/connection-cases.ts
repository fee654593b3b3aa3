import { pause, scaleDeadline } from '../../core/case-scope.ts';
import { withDeadline } from '../../core/deadline.ts';
import type { CraftedRequest } from '../../core/probes/index.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { Connection, NoResponse, openSocket } from '../../wire/connection.ts';
import {
  expectAccepted,
  expectAuthenticated,
  expectClientError,
  expectRejected,
} from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';

const LIMIT = 1024 * 1024;
const PIECES = 5;
const PAUSE_MS = 30;
const LONG = 9 * 1024;

/** Sends the first part of a request and hangs up, like a client that lost its network. */
const hangUpAfter = async (server: ServerUnderTest, bytes: Buffer): Promise<void> => {
  const socket = await openSocket(server.target.address);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.resume().end(bytes);
  await withDeadline(closed, scaleDeadline(1_000)).catch(() => undefined);
  socket.destroy();
};

/** Expects the next response on a connection, and that it belongs to this request. */
const expectNext = async (
  server: ServerUnderTest,
  connection: Connection,
  request: CraftedRequest,
): Promise<void> => {
  const sent = server.encode(request, { keepAlive: true });
  connection.write(Buffer.concat([sent.head, sent.body]));
  const raw = await connection.read().catch((error: unknown) => error);
  server.check.that(!(raw instanceof NoResponse), {
    what: 'next request on the connection',
    expected: 'a response, or a closed connection',
    actual: 'neither',
  });
  if (raw instanceof Error) throw raw;
  // After a body that is too large, the server may close the connection, at once or later.
  if (raw !== undefined) expectAccepted(server.check, server.read(sent, raw as never));
};

/** Slow, interrupted and abused connections. */
export const CONNECTION_CASES = [
  ...serverCases({ group: 'body', spec: '§1.2, §3' }, [
    {
      id: 'body-slow',
      description: `a body that arrives in ${PIECES} pieces, with pauses`,
      run: async (server) => {
        const target = `/v1/withdrawals?nonce=${server.basis().nonce}`;
        const request = server.craft({ method: 'POST', target, body: Buffer.from('{"in":"five pieces"}') });
        const { head, body } = server.encode(request);
        const connection = await Connection.open(server.target.address);
        connection.write(head);
        const size = Math.ceil(body.length / PIECES);
        for (let start = 0; start < body.length; start += size) {
          await pause(PAUSE_MS);
          connection.write(body.subarray(start, start + size));
        }
        expectAuthenticated(server.check, server.read({ head, body }, await connection.read()));
        connection.close();
      },
    },
    {
      id: 'body-early-close',
      description:
        'a request that breaks off before its body is complete is not admitted: it can be sent again, once',
      spec: '§1.2, §2 restriction 2',
      run: async (server) => {
        const request = server.craft({ body: Buffer.from('{"covered":true}') });
        const { head, body } = server.encode(request);
        const promised = head.toString('latin1').replace(/(Content-Length: )\d+/i, `$1${body.length + 20}`);
        await hangUpAfter(server, Buffer.concat([Buffer.from(promised, 'latin1'), body]));
        expectAccepted(server.check, await server.send(request));
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      },
    },
    {
      id: 'body-too-large-connection',
      description: 'after a 413 the connection is closed, or serves the next request correctly',
      run: async (server) => {
        const ping = server.craft();
        const inner = server.encode(server.craft(), { keepAlive: true }).head;
        // A server that stops reading must not parse the rest of the body as requests.
        const body = Buffer.alloc(LIMIT + 1, inner);
        const target = `/v1/withdrawals?nonce=${server.basis().nonce}`;
        const large = server.encode(server.craft({ method: 'POST', target, body }), { keepAlive: true });
        const connection = await Connection.open(server.target.address);
        connection.write(Buffer.concat([large.head, large.body]));
        expectRejected(server.check, server.read(large, await connection.read()), REJECTIONS.bodyTooLarge);
        await expectNext(server, connection, ping);
        const further = await connection.read(100).catch(() => undefined);
        server.check.equal('unrequested responses', {
          expected: 'none',
          actual: further?.startLine ?? 'none',
        });
        connection.close();
      },
    },
  ]),
  ...serverCases({ group: 'target', spec: '§1.2' }, [
    {
      id: 'target-long',
      description: `a target of ${LONG / 1024} KiB of which only the first 8 KiB were signed`,
      run: async (server) => {
        const target = `/v1/_ping?nonce=${server.basis().nonce}&a=${'a'.repeat(LONG)}`.slice(0, LONG);
        const response = await server.ask({ target, signed: { target: target.slice(0, 8 * 1024) } });
        expectClientError(server.check, response);
      },
    },
    {
      id: 'target-long-tail',
      description: `a target of ${LONG / 1024} KiB of which the last byte was changed`,
      run: async (server) => {
        const target = `/v1/_ping?nonce=${server.basis().nonce}&a=${'a'.repeat(LONG)}`.slice(0, LONG);
        const response = await server.ask({ target, signed: { target: `${target.slice(0, -1)}b` } });
        expectClientError(server.check, response);
      },
    },
  ]),
];
