import { once } from 'node:events';
import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, Socket } from 'node:net';
import { REJECTIONS } from '@cpg/protocol';
import { recordingLogger } from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorHandler } from '../express/error-handler.ts';
import { type DrainLimits, drainUnreadBodies, drainUnreadBody } from './drain-unread-body.ts';
import { sendRejection } from './responses.ts';

const GET = 'GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n';
const CHUNKED = 'POST /first HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
const createPost = (length: number, headers = '') =>
  `POST /first HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n${headers}\r\n`;
const CLOSE = 'Connection: close\r\n';

const listen = async (server: { listen: Server['listen']; address: Server['address'] }): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server as Server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** A server that responds at once, without reading the body. */
const start = async (limits: DrainLimits = {}, listener?: RequestListener) => {
  const served: string[] = [];
  const response: RequestListener = (request, response) => {
    served.push(String(request.url));
    response.end(String(request.url));
  };
  const server = drainUnreadBodies(createServer(listener ?? response), limits);
  const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, served, closed };
};

/** A client that never closes its own direction by itself. */
class Client {
  readonly #socket: Socket;
  #received = '';

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#socket.on('error', () => {});
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text;
    });
    onTestFinished(() => void this.#socket.destroy());
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Waits until so many responses have begun, and returns the statuses of all. */
  async statuses(count: number): Promise<number[]> {
    while (true) {
      const found = [...this.#received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
      if (found.length >= count) return found;
      await once(this.#socket, 'data');
    }
  }

  get received(): string {
    return this.#received;
  }

  /** Waits until the server has ended its direction. */
  async end(): Promise<void> {
    if (!this.#socket.readableEnded) await once(this.#socket, 'end');
  }

  /** Writes on and on, to a connection that may be gone. */
  keepWriting(piece: string | Uint8Array): void {
    const timer = setInterval(() => this.#socket.write(piece), 5);
    this.#socket.once('close', () => clearInterval(timer));
  }

  finish(): Promise<unknown> {
    const closed = once(this.#socket, 'close');
    this.#socket.end();
    return closed;
  }
}

describe('a connection that stays open', () => {
  it('never takes an unread body for a request', async () => {
    const { port, served } = await start();
    const client = new Client(port);
    const smuggled = GET.repeat(20_000);
    client.write(createPost(smuggled.length));
    expect(await client.statuses(1)).toEqual([200]);
    client.write(smuggled);
    client.write(GET);
    expect(await client.statuses(2)).toEqual([200, 200]);
    expect(served).toEqual(['/first', '/next']);
    await client.finish();
  });

  it('discards many small chunks with turns for other connections in between', async () => {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    const { port } = await start({}, (request, response) => {
      if (request.url === '/first') count();
      response.end();
    });
    const client = new Client(port);
    client.write(CHUNKED);
    expect(await client.statuses(1)).toEqual([200]);
    turns = 0;
    client.write(`${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n${GET}`);
    expect(await client.statuses(2)).toEqual([200, 200]);
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  it('serves pipelined requests in order', async () => {
    const { port, served } = await start();
    const client = new Client(port);
    client.write(`${createPost(500_000)}${'x'.repeat(500_000)}${GET}${createPost(3)}abc${GET}`);
    expect(await client.statuses(4)).toEqual([200, 200, 200, 200]);
    expect(served).toEqual(['/first', '/next', '/first', '/next']);
  });

  it('reads the rest after a parser that stopped early', async () => {
    const app = express();
    app.use(express.json({ limit: 10 }), errorHandler({ logger: recordingLogger() }));
    const { port } = await start({}, app);
    const client = new Client(port);
    const json = 'Content-Type: application/json\r\n';
    client.write(`${createPost(300_000, json)}${'x'.repeat(300_000)}${createPost(2, json)}{}`);
    expect(await client.statuses(2)).toEqual([413, 404]);
  });

  it.each<[string, DrainLimits, string | Buffer]>([
    ['no more of the body comes', { maxIdleMs: 30 }, ''],
    ['the body comes too slowly', { maxMs: 60 }, '1\r\nx\r\n'],
    ['the body never ends', { maxBytes: 1_000_000 }, `10000\r\n${'x'.repeat(0x10000)}\r\n`],
  ])('is closed when %s', async (_why, limits, piece) => {
    const { port, served, closed } = await start(limits);
    const client = new Client(port);
    client.write(CHUNKED);
    expect(await client.statuses(1)).toEqual([200]);
    client.keepWriting(piece);
    await closed;
    expect(served).toEqual(['/first']);
  });

  it('is closed after a handler that destroyed the request', async () => {
    const { port } = await start({}, async (request, response) => {
      const { socket } = request;
      for await (const _chunk of request) break;
      if (!socket.isPaused()) await once(socket, 'pause');
      sendRejection(response, REJECTIONS.body_too_large);
    });
    const client = new Client(port);
    client.write(`${createPost(200_000)}${'x'.repeat(100_000)}`);
    expect(await client.statuses(1)).toEqual([413]);
    await client.end();
    await client.finish();
  });
});

describe('a connection that is to close', () => {
  it('ends at once, and reads on until the client ends', async () => {
    const { port } = await start();
    const client = new Client(port);
    client.write(createPost(1_000_000, CLOSE));
    await client.end();
    expect(client.received).toMatch(/\r\n\r\n\/first$/);
    client.write('x'.repeat(1_000_000));
    await client.finish();
  });

  it('serves nothing that follows the unread body', async () => {
    const { port, served } = await start({}, (request, response) => {
      served.push(String(request.url));
      response.setHeader('Connection', 'close').end();
    });
    const client = new Client(port);
    client.write(createPost(500_000));
    await client.end();
    client.write(`${'x'.repeat(500_000)}${GET}`);
    await client.finish();
    expect([served, await client.statuses(1)]).toEqual([['/first'], [200]]);
  });

  it('closes a complete request without waiting for the client', async () => {
    const { port, closed } = await start();
    const client = new Client(port);
    client.write(`${createPost(3, CLOSE)}abc`);
    await closed;
    expect(await client.statuses(1)).toEqual([200]);
  });

  it.each<[string, DrainLimits, string | Buffer]>([
    ['sends nothing more', { maxIdleMs: 30 }, ''],
    ['sends too slowly', { maxMs: 60 }, 'x'],
    ['sends without end', { maxBytes: 1_000_000 }, Buffer.alloc(0x10000)],
  ])('is destroyed when the client %s', async (_what, limits, piece) => {
    const { port, closed } = await start(limits);
    const client = new Client(port);
    client.write(createPost(2 ** 40, CLOSE));
    expect(await client.statuses(1)).toEqual([200]);
    client.keepWriting(piece);
    await closed;
  });
});

describe('Expect', () => {
  const EXPECT = 'Expect: 100-continue\r\n';

  it('is told to continue when the body is read, and the connection stays', async () => {
    const { port } = await start({}, express().use(express.text({ type: () => true })));
    const client = new Client(port);
    client.write(createPost(3, EXPECT));
    expect(await client.statuses(1)).toEqual([100]);
    client.write(`abc${GET}`);
    expect(await client.statuses(3)).toEqual([100, 404, 404]);
  });

  it('is not told to continue when the body is not read, and the connection closes', async () => {
    const { port } = await start();
    const client = new Client(port);
    client.write(createPost(3, EXPECT));
    await client.end();
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n(.*\r\n)*Connection: close\r\n/);
    await client.finish();
  });

  it('gets 417 for anything else, also with an unread body', async () => {
    const { port, served } = await start();
    const client = new Client(port);
    client.write(createPost(1_000_000, `Expect: tea\r\n${CLOSE}`));
    await client.end();
    client.write('x'.repeat(1_000_000));
    await client.finish();
    expect([await client.statuses(1), served]).toEqual([[417], []]);
  });
});

it('leaves HTTP/2 to Node, which keeps the connection', async () => {
  const server = createHttp2Server((_request, response) => {
    sendRejection(response as unknown as ServerResponse, REJECTIONS.body_too_large);
  });
  const session = connectHttp2(`http://127.0.0.1:${await listen(server as unknown as Server)}`);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  for (let count = 0; count < 3; count += 1) {
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.end(Buffer.alloc(1_000_000));
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(413);
    await once(stream.resume(), 'close');
  }
});

it('leaves alone what only imitates node:http', () => {
  const request = Object.assign(new IncomingMessage(new Socket()), { socket: {} });
  const response = new ServerResponse(request);
  drainUnreadBody(response);
  expect(response.listenerCount('finish')).toBe(0);
});
