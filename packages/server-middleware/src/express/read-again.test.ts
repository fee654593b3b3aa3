import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { exchange, RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import fastifyExpress from '@fastify/express';
import type { Request, RequestHandler } from 'express';
import fastify from 'fastify';
import { createProxyMiddleware } from 'http-proxy-middleware';
import multer from 'multer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { readBody } from '../http/read-body.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';

// Longer than the buffers of a request and of a socket.
const BODY = Buffer.from(JSON.stringify({ text: 'é\u0000\r\n'.repeat(10_000) }));

/** A server that returns the body that it received; returns its port. */
const startUpstream = (): Promise<number> =>
  serve(async (request, response) => response.end(await buffer(request)));

/** Everything that reads a request as a stream, and returns the bytes. */
const READERS: Readonly<Record<string, (request: Request, upstream: number) => Promise<Uint8Array>>> = {
  'for await': async (request) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks);
  },
  'data listeners that come late': async (request) => {
    await nextTurn();
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    await once(request, 'end');
    return Buffer.concat(chunks);
  },
  'readable listeners': async (request) => {
    const chunks: Buffer[] = [];
    request.on('readable', () => {
      for (let chunk = request.read(1_000) ?? request.read(); chunk !== null; chunk = request.read()) {
        chunks.push(chunk);
      }
    });
    await once(request, 'end');
    return Buffer.concat(chunks);
  },
  'stream/consumers': (request) => buffer(request),
  'a second readBody': async (request) =>
    (await readBody(request, { limit: 1_000_000, timeoutMs: 30_000 })) as Buffer,
  'readBody before another reader': async (request) => {
    await readBody(request, { limit: 1_000_000, timeoutMs: 30_000 });
    return buffer(request);
  },
  'Readable.toWeb': async (request) =>
    new Uint8Array(await new Response(Readable.toWeb(request) as ReadableStream).arrayBuffer()),
  'fetch, to an upstream': async (request, upstream) => {
    const response = await fetch(`http://127.0.0.1:${upstream}/`, {
      method: 'POST',
      body: request as unknown as ReadableStream,
      duplex: 'half',
    });
    return new Uint8Array(await response.arrayBuffer());
  },
  'pipe, to a slow destination': async (request) => {
    const chunks: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk, _encoding, done) => {
        chunks.push(chunk);
        setImmediate(done);
      },
    });
    await once(request.pipe(slow), 'finish');
    return Buffer.concat(chunks);
  },
  pipeline: async (request) => {
    const chunks: Buffer[] = [];
    await pipeline(request, async (source) => {
      for await (const chunk of source) chunks.push(chunk);
    });
    return Buffer.concat(chunks);
  },
};

/** The ways in which a body arrives: [handlers in front, chunked, pieces that are written one by one]. */
const wait: RequestHandler = async (request, _response, next) => {
  // As a rate limiter does that asks Redis.
  while (!request.complete && request.readableLength < request.readableHighWaterMark) await nextTurn();
  next();
};
const ARRIVALS: readonly [how: string, parts: RequestParts, pieces: number][] = [
  ['with the headers', {}, 1],
  ['in pieces', {}, 5],
  ['while middleware in front waits', { headers: { 'X-Wait': '1' } }, 1],
  ['in part while middleware in front waits', { headers: { 'X-Wait': '1' } }, 20],
];

describe.each(EXPRESS_VERSIONS)('the verified body on %s', (_name, express) => {
  const start = async (json: boolean, handlers: readonly RequestHandler[]) => {
    const clock = () => NOW * 1000;
    const app = express();
    app.use((request, response, next) => {
      if (request.headers['x-wait'] === undefined) next();
      else wait(request, response, next);
    });
    const key = testKey({ rateLimitPerMinute: 10_000 });
    app.use(cpgAuth({ keys: staticKeys([key]), store: memoryStore({ clock }), clock, json }), ...handlers);
    return serve(app);
  };

  describe.each([true, false])('with json: %s', (json) => {
    it.each(ARRIVALS)('can be read again, when it arrived %s', async (_how, parts, count) => {
      const upstream = await startUpstream();
      const port = await start(json, [
        async (request, response) => {
          const reader = READERS[decodeURIComponent(request.path.slice(1))] as (typeof READERS)[string];
          const bytes = Buffer.from(await reader(request, upstream));
          response.send(
            request.rawBody?.equals(bytes) && bytes.equals(BODY) ? 'same' : `${bytes.length} bytes`,
          );
        },
      ]);
      const read = [];
      for (const name of Object.keys(READERS)) {
        const target = `/${encodeURIComponent(name)}`;
        const bytes = signedRequest({ method: 'POST', target, body: BODY, ...parts });
        const connection = new RawConnection(port);
        for (let piece = 0; piece < count; piece += 1) {
          const [from, to] = [piece, piece + 1].map((index) => Math.round((index * bytes.length) / count));
          await connection.write(bytes.subarray(from, to));
          await nextTurn();
        }
        read.push([name, (await connection.readResponse())?.body]);
        connection.close();
      }
      expect(read).toEqual(Object.keys(READERS).map((name) => [name, 'same']));
    });
  });

  /** Sends two requests on one connection, and returns the response of the second. */
  const sendTwice = async (port: number, parts: RequestParts) => {
    const connection = new RawConnection(port);
    await connection.write(signedRequest({ method: 'POST', timestamp: NOW - 1, ...parts }));
    const { status } = (await connection.readResponse()) ?? {};
    await connection.write(signedRequest({ method: 'POST', ...parts }));
    const response = await connection.readResponse();
    connection.close();
    expect([status, response?.status]).toEqual([200, 200]);
    return response?.body;
  };
  const sendBody: RequestHandler = ({ body }, response) => {
    response.send(Buffer.isBuffer(body) ? `bytes ${body}` : body);
  };

  it.each([
    ['json', 'application/json', '{"a": 1}', '{"a":1}'],
    ['text', 'text/plain', 'a', 'a'],
    ['raw', 'application/octet-stream', 'a', 'bytes a'],
    ['urlencoded', 'application/x-www-form-urlencoded', 'a=b', '{"a":"b"}'],
  ] as const)('is parsed by express.%s', async (parser, type, body, expected) => {
    const port = await start(false, [express[parser]({ extended: false }), sendBody]);
    expect(await sendTwice(port, { body, headers: { 'Content-Type': type } })).toBe(expected);
  });

  it('is not parsed a second time behind cpgAuth that parsed it', async () => {
    const port = await start(true, [express.json({ limit: 1 }), sendBody]);
    const headers = { 'Content-Type': 'application/json' };
    expect(await sendTwice(port, { body: '{"a": 1}', headers })).toBe('{"a":1}');
  });

  it('is parsed by multer, with fields and files', async () => {
    const upload: RequestHandler = multer().single('proof');
    const port = await start(false, [
      upload,
      ({ body, file }, response) => {
        response.json({ ...body, name: file?.originalname, bytes: file?.buffer.length });
      },
    ]);
    const form = new FormData();
    form.set('order', '7');
    form.set('proof', new Blob([BODY]), 'proof.png');
    const encoded = new Response(form);
    const headers = { 'Content-Type': String(encoded.headers.get('content-type')) };
    const body = new Uint8Array(await encoded.arrayBuffer());
    expect(await sendTwice(port, { body, headers })).toBe(
      `{"order":"7","name":"proof.png","bytes":${BODY.length}}`,
    );
  });

  it.each([true, false])('reaches an upstream of http-proxy-middleware, with json: %s', async (json) => {
    const target = `http://127.0.0.1:${await startUpstream()}`;
    const port = await start(json, [createProxyMiddleware({ target })]);
    expect(await sendTwice(port, { body: BODY })).toBe(BODY.toString());
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Length': null };
    const chunked = `2\r\n{"\r\n5\r\na":1}\r\n0\r\n\r\n`;
    const head = signedRequest({ method: 'POST', body: '{"a":1}', sentBody: '', headers });
    expect((await exchange(port, Buffer.concat([head, Buffer.from(chunked)]))).body).toBe('{"a":1}');
  });
});

it.each([true, false])('is parsed by Fastify behind @fastify/express, with json: %s', async (json) => {
  const clock = () => NOW * 1000;
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(fastifyExpress);
  app.use(cpgAuth({ keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock, json }));
  app.post('/v1/own', async ({ body }) => ({ received: body }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const request = signedRequest({
    ...{ method: 'POST', target: '/v1/own', body: '{"a": 1}' },
    headers: { 'Content-Type': 'application/json' },
  });
  const { port } = app.server.address() as AddressInfo;
  expect((await exchange(port, request)).body).toBe('{"received":{"a":1}}');
});
