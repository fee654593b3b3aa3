import type { Socket } from 'node:net';
import { RawServer } from '@cpg/test-support/raw-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Connection, isResponse, type NoResponse } from './connection.ts';

const connect = async (respond: (socket: Socket) => void): Promise<Connection> => {
  const server = await RawServer.start(respond);
  const connection = new Connection({ hostname: '[::ffff:127.0.0.1]', port: server.port, isTls: false });
  onTestFinished(async () => {
    connection.close();
    await server.stop();
  });
  connection.write('GET / HTTP/1.1\r\n\r\n');
  return connection;
};

const HEAD = 'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\n';

describe('a connection', () => {
  it.each<readonly [string, readonly string[], string]>([
    ['a length', [`${HEAD}Content-Length: 3\r\n\r\na`, 'bc'], 'abc'],
    [
      'chunks',
      [`${HEAD}Transfer-Encoding: chunked\r\n\r\n2`, '\r\nab\r\n1\r\n', 'c', '\r\n0\r\n', '\r\n'],
      'abc',
    ],
    ['no body', [`${HEAD.replace('200 OK', '204')}\r\n`], ''],
    ['no body, unchanged', [`${HEAD.replace('200 OK', '304')}\r\n`], ''],
  ])('reads a response with %s', async (_what, pieces, body) => {
    const connection = await connect(async (socket) => {
      for (const piece of pieces)
        await new Promise((resolve) => socket.write(piece, () => setTimeout(resolve, 5)));
    });
    const response = await connection.read(10_000);
    expect(isResponse(response) && [response.headers.a, response.body.toString()]).toEqual(['1, 2', body]);
  });

  it('reads a body up to the end of the connection, and further responses', async () => {
    const connection = await connect((socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\n\r\nab');
      setTimeout(() => socket.end('c'), 5);
    });
    expect(await connection.read(10_000)).toMatchObject({ status: 100 });
    expect(await connection.read(10_000)).toMatchObject({ status: 404, body: Buffer.from('abc') });
    expect(await connection.read(10_000)).toMatchObject({ reason: 'closed' });
  });

  it.each<readonly [string, string | Buffer, NoResponse]>([
    ['what is not HTTP', 'SSH-2.0\r\n\r\n', { reason: 'malformed', detail: 'the response is not HTTP/1.1' }],
    [
      'a response without end',
      Buffer.alloc(5_000_000, 'x'),
      { reason: 'malformed', detail: 'the response is longer than 4194304 bytes' },
    ],
    [
      'chunks without a size',
      `${HEAD}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
      { reason: 'timeout', detail: 'there was no response within 200 ms' },
    ],
  ])('reports %s', async (_what, bytes, expected) => {
    const connection = await connect((socket) => void socket.write(bytes));
    expect(await connection.read(expected.reason === 'timeout' ? 200 : 10_000)).toEqual(expected);
  });
});
