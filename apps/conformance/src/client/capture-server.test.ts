import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type CaptureServer, type Responder, startCapture } from './capture-server.ts';

const servers: CaptureServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const start = async (respond: Responder, silenceMs?: number): Promise<CaptureServer> => {
  const server = await startCapture(respond, silenceMs);
  servers.push(server);
  return server;
};

const send = async ({ url }: CaptureServer, bytes: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
};

const GET = 'GET /v1/_ping?a=%e9 HTTP/1.1\r\nb: 1\r\nB: 2\r\n\r\n';

describe('startCapture', () => {
  it('keeps the bytes of a request and responds with the length of the body', async () => {
    const server = await start(() => ({ status: 200, headers: { Date: 'now' }, body: 'é' }));
    expect(await text(await send(server, GET))).toBe(
      'HTTP/1.1 200 Status\r\nContent-Type: application/json; charset=utf-8\r\nDate: now\r\nConnection: close\r\nContent-Length: 2\r\n\r\né',
    );
    expect(server.responses).toEqual([
      'HTTP/1.1 200 Status\r\nContent-Type: application/json; charset=utf-8\r\nDate: now\r\nConnection: close\r\nContent-Length: 2\r\n\r\n\xc3\xa9',
    ]);
    expect(server.requests[0]?.startLine).toBe('GET /v1/_ping?a=%e9 HTTP/1.1');
    expect(server.requests[0]?.headers).toEqual([
      ['b', '1'],
      ['B', '2'],
    ]);
    expect(server.problems).toEqual([]);
  });

  it('streams a body with only the headers of the reply', async () => {
    const stream = () => Readable.from([Buffer.from('a'), Buffer.from('b')]);
    const server = await start(() => ({ status: 200, headers: { Date: 'now' }, stream }));
    expect(await text(await send(server, GET))).toMatch(/Connection: close\r\n\r\nab$/);
  });

  it('streams with backpressure, and counts the bytes that were read', async () => {
    const block = Buffer.alloc(65_536);
    let blocks = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        blocks++;
        yield block;
      }
    }
    const server = await start(() => ({ status: 200, stream: () => Readable.from(endless()) }));
    const socket = await send(server, GET);
    await once(socket, 'readable');
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    expect(server.mostBytesTaken()).toBeGreaterThan(0);
    expect(server.mostBytesTaken()).toBeLessThanOrEqual((blocks + 1) * block.length);
  });

  it('sends raw bytes unchanged', async () => {
    const server = await start(() => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Le' }));
    expect(await text(await send(server, GET))).toBe('HTTP/1.1 200 OK\r\nContent-Le');
  });

  it('resets a connection', async () => {
    const server = await start(() => ({ reset: true }));
    await expect(text(await send(server, GET))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.requests).toHaveLength(1);
    expect(server.responses).toEqual(['(the connection was reset)']);
  });

  it('limits the bytes kept of an endless request', async () => {
    const server = await start(() => ({ status: 200 }));
    const socket = await send(server, 'POST / HTTP/1.1\r\nX: ');
    socket.on('error', () => undefined);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    // A write that failed calls back before the socket is destroyed: another one would go on for ever.
    const goOn = (error?: Error | null): unknown => error ?? (socket.destroyed || socket.write(chunk, goOn));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    goOn();
    await closed;
    expect(server.problems).toEqual(['a request of more than 4194304 bytes without an end']);
  });

  it.each([
    ['bytes after the end', `${GET}x`, 'bytes after the end of the request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nnonsense\r\n\r\n', 'not a header line: "nonsense"'],
    [
      'a body that is shorter than its length',
      'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab',
      'an incomplete request: 40 bytes, then nothing',
    ],
  ])('names the problem of a request with %s', async (_name, bytes, problem) => {
    const server = await start(() => ({ status: 200 }), 50);
    await text(await send(server, bytes)).catch(() => undefined);
    expect(server.problems).toEqual([problem]);
  });
});
