import { once } from 'node:events';
import { createServer, IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { REJECTIONS } from '@cpg/protocol';
import { RawConnection } from '@cpg/test-support/raw-client';
import { serve } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PendingBody } from './body-collector.ts';
import { drainUnreadBodies } from './drain-unread-body.ts';
import { readBody } from './read-body.ts';

const LIMITS = { limit: 1_000_000, timeoutMs: 60_000 };
const HEAD = 'POST / HTTP/1.1\r\nHost: localhost\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** Serves one listener, and returns a connection to it. */
const start = async (listener: RequestListener): Promise<RawConnection> => {
  const connection = new RawConnection(await serve(listener));
  onTestFinished(() => connection.close());
  return connection;
};

/** Responds with what readBody returns, and what a second reader gets. */
const readTwice: RequestListener = async (request, response) => {
  const body = await readBody(request, LIMITS);
  response.end(`${body} ${await buffer(request)}`);
};

describe('HTTP/1.1', () => {
  it('creates a timer only for a body that does not arrive with its head', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => setTimer.mockRestore());
    const timeoutMs = 61_234;
    const countTimers = () => setTimer.mock.calls.filter(([, delay]) => delay === timeoutMs).length;
    const connection = await start(async (request, response) => {
      response.end((await readBody(request, { ...LIMITS, timeoutMs })) as Buffer);
    });
    await connection.write(`${HEAD}Content-Length: 4\r\n\r\nbody`);
    expect((await connection.readResponse())?.body).toBe('body');
    expect(countTimers()).toBe(0);
    await connection.write(`${HEAD}Content-Length: 4\r\n\r\n`);
    await vi.waitFor(() => expect(countTimers()).toBe(1));
    await connection.write('body');
    expect((await connection.readResponse())?.body).toBe('body');
  });

  it('holds at most twice the limit, in few allocations, for a body in chunks of one byte', async () => {
    const held: number[] = [];
    let inStream = 0;
    let turns = 0;
    const connection = await start(async (request, response) => {
      const hold = (bytes: number) => {
        held.push(bytes);
        inStream = Math.max(inStream, request.readableLength);
      };
      const count = () => {
        turns += 1;
        immediate = setImmediate(count);
      };
      let immediate = setImmediate(count);
      const pending = { hold, release: vi.fn() };
      const body = await readBody(request, { ...LIMITS, limit: 100_000, pending });
      clearImmediate(immediate);
      response.end(body as Buffer);
    });
    await connection.write(CHUNKED);
    await connection.write(`${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`);
    expect((await connection.readResponse())?.body).toBe('x'.repeat(100_000));
    expect(held).toEqual([1, 4_096, 8_192, 16_384, 32_768, 65_536, 100_000]);
    expect(inStream).toBe(0);
    // Other connections get their turn after every read of the socket, of at most 64 KiB.
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  it.each([
    ['with an error', new Error('destroyed by a test')],
    ['without an error', undefined],
  ])('is incomplete when the request is destroyed in the same tick, %s', async (_how, error) => {
    const results: unknown[] = [];
    const connection = await start(async (request) => {
      const body = readBody(request, LIMITS);
      request.destroy(error);
      results.push(await body);
    });
    await connection.write(CHUNKED);
    expect(await connection.readResponse()).toBeUndefined();
    await vi.waitFor(() => expect(results).toEqual([REJECTIONS.incomplete_body]));
  });

  it('ends at once when a chunked body without bytes arrived while middleware in front was waiting', async () => {
    const connection = await start(async (request, response) => {
      while (!request.complete) await nextTurn();
      await readTwice(request, response);
    });
    await connection.write(`${CHUNKED}0\r\n\r\n`);
    expect((await connection.readResponse())?.body).toBe(' ');
  });

  it('waits for the end of a body of which nothing else is missing', async () => {
    const connection = await start(async (request, response) => {
      while (request.readableLength < 3) await nextTurn();
      const reading = readBody(request, LIMITS);
      await connection.write('0\r\n\r\n');
      response.end(`${await reading} ${await buffer(request)}`);
    });
    await connection.write(`${CHUNKED}3\r\nabc\r\n`);
    expect((await connection.readResponse())?.body).toBe('abc abc');
  });

  it('rejects a body over the limit that arrived while middleware in front was waiting', async () => {
    const connection = await start(async (request, response) => {
      while (!request.complete) await nextTurn();
      response.end(JSON.stringify(await readBody(request, { ...LIMITS, limit: 2 })));
    });
    for (const body of ['abc', 'abcd']) {
      await connection.write(`${CHUNKED}${body.length}\r\n${body}\r\n0\r\n\r\n`);
      expect((await connection.readResponse())?.body).toContain('body_too_large');
    }
  });

  it('reads bytes from a stream that middleware in front made decode', async () => {
    const connection = await start(async (request, response) => {
      request.setEncoding('latin1');
      const body = await readBody(request, LIMITS);
      let text = '';
      for await (const chunk of request) text += chunk;
      response.end(`${body} ${text.length}`);
    });
    await connection.write(`${HEAD}Content-Length: 2\r\n\r\né`);
    expect((await connection.readResponse())?.body).toBe('é 2');
  });

  it('takes no text for bytes', async () => {
    const connection = await start(async (request, response) => {
      request.setEncoding('utf8');
      while (!request.complete) await nextTurn();
      const failure = await Promise.resolve()
        .then(() => readBody(request, LIMITS))
        .catch(({ code }) => code);
      response.end(failure);
    });
    await connection.write(`${HEAD}Content-Length: 2\r\n\r\né`);
    expect((await connection.readResponse())?.body).toBe('body_already_parsed');
  });

  it('rejects a body whose client is gone, without waiting', async () => {
    const outcome = new Promise((resolve) => {
      void start(async (request) => {
        request.once('close', () => resolve(readBody(request, LIMITS)));
      }).then(async (connection) => {
        await connection.write(`${HEAD}Content-Length: 10\r\n\r\nhalf`);
        connection.close();
      });
    });
    expect(await outcome).toBe(REJECTIONS.incomplete_body);
  });

  it('discards the rest when the memory of all bodies is used up, and the connection stays', async () => {
    const pending: PendingBody = {
      hold: (bytes) => {
        if (bytes > 4_096) throw new Error('full');
      },
      release: vi.fn(),
    };
    const connection = await start(async (request, response) => {
      const outcome = await Promise.resolve(readBody(request, { ...LIMITS, pending })).catch(
        ({ message }) => message,
      );
      response.end(String(outcome));
    });
    await connection.write(`${CHUNKED}${`400\r\n${'x'.repeat(1_024)}\r\n`.repeat(200)}0\r\n\r\n`);
    expect((await connection.readResponse())?.body).toBe('full');
    await connection.write(`${HEAD}Content-Length: 3\r\n\r\nabc`);
    expect((await connection.readResponse())?.body).toBe('abc');
  });

  it('asks for the body of a client that expects 100 Continue', async () => {
    const server = drainUnreadBodies(createServer(readTwice));
    const connection = new RawConnection(await listen(server));
    onTestFinished(() => {
      connection.close();
      server.close();
    });
    await connection.write(`${HEAD}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
    await once(connection.socket, 'data');
    await connection.write('abc');
    expect((await connection.readResponse())?.status).toBe(100);
    expect((await connection.readResponse())?.body).toBe('abc abc');
  });

  it.each([
    ['arrives with the headers', ''],
    ['arrives before it is read', 'X-Wait: 1\r\n'],
    ['is asked for', 'Expect: 100-continue\r\n'],
  ])('leaves a body that %s to Node, which discards it after the response', async (_when, header) => {
    const closed: Promise<unknown>[] = [];
    const server = drainUnreadBodies(
      createServer(async (request, response) => {
        closed.push(once(request, 'close'));
        while (request.headers['x-wait'] !== undefined && !request.complete) await nextTurn();
        await readBody(request, LIMITS);
        response.end();
      }),
    );
    const connection = new RawConnection(await listen(server));
    onTestFinished(() => {
      connection.close();
      server.close();
    });
    for (let count = 0; count < 50; count += 1) {
      await connection.write(`${HEAD}${header}Content-Length: 3\r\n\r\nabc`);
      if (header.startsWith('Expect')) await connection.readResponse();
      expect((await connection.readResponse())?.status).toBe(200);
    }
    await Promise.all(closed);
    expect(closed).toHaveLength(50);
  });
});

const listen = async (server: Pick<Server, 'listen' | 'address'>): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server as Server, 'listening');
  return (server.address() as AddressInfo).port;
};

it('counts what a parser in front captured', async () => {
  const held: number[] = [];
  const message = Object.assign(new IncomingMessage(new Socket()), { rawBody: Buffer.from('abc') });
  message.headers = { 'content-length': '3' };
  const pending = { hold: (bytes: number) => held.push(bytes), release: vi.fn() };
  expect(String(await readBody(message, { ...LIMITS, pending }))).toBe('abc');
  expect(String(await readBody(message, LIMITS))).toBe('abc');
  expect(held).toEqual([3]);
});

describe('HTTP/2', () => {
  it('reads a body, which needs no length, and leaves it readable', async () => {
    const server = createHttp2Server(readTwice as never);
    const session = connectHttp2(`http://127.0.0.1:${await listen(server as unknown as Server)}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.write('x'.repeat(100_000));
    stream.end('y');
    const body = `${'x'.repeat(100_000)}y`;
    expect((await buffer(stream)).toString()).toBe(`${body} ${body}`);
  });
});

describe('a stream that only imitates node:http', () => {
  const HEADERS = { 'transfer-encoding': 'chunked' };

  it('is asked for each piece, and stays readable', async () => {
    const pieces = ['{"a":', Buffer.from('"é"'), '}', null];
    const request = new Readable({
      read() {
        setImmediate(() => this.push(pieces.shift()));
      },
    });
    const message = Object.assign(request, { headers: HEADERS, httpVersionMajor: 1 }) as never;
    expect(String(await readBody(message, LIMITS))).toBe('{"a":"é"}');
    expect(request.readableDidRead).toBe(false);
    expect((await buffer(request)).toString()).toBe('{"a":"é"}');
  });

  it('may push a whole body at once', async () => {
    const message = new IncomingMessage(new Socket());
    message.headers = HEADERS;
    message.complete = true;
    message._read = () => {
      for (const piece of ['a', 'b', 'c', null]) message.push(piece);
    };
    expect(String(await readBody(message, LIMITS))).toBe('abc');
    expect((await buffer(message)).toString()).toBe('abc');
  });
});
