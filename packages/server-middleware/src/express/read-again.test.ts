import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import type { Request, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { readBody } from '../http/read-body.ts';
import { staticKeys } from '../keys/key-store.ts';
import { cpgAuth } from './cpg-auth.ts';

// Longer than the buffers of a request and of a socket.
const BODY = Buffer.from(JSON.stringify({ text: 'é\u0000\r\n'.repeat(30_000) }));

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
});
