import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { exchange, RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { type CpgAuthOptions, captureRawBody, cpgAuth } from './cpg-auth.ts';
import { errorHandler } from './error-handler.ts';

const TOO_LARGE = '{"success":false,"message":"Request body is too large"}';

const post = (body: string | Uint8Array, parts: RequestParts = {}) =>
  signedRequest({ method: 'POST', target: '/v1/withdrawals', body, ...parts });

describe.each(EXPRESS_VERSIONS)('body ownership on %s', (_name, express) => {
  const start = async (options: Partial<CpgAuthOptions> = {}, before: readonly RequestHandler[] = []) => {
    const clock = () => NOW * 1000;
    const logger = recordingLogger();
    const bodies: unknown[] = [];
    const app = express();
    for (const handler of before) app.use(handler);
    app.use(
      '/v1',
      cpgAuth({ keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock, logger, ...options }),
      // As in many apps: a parser for all routes, behind the authentication.
      express.json(),
      (request, response) => {
        bodies.push(request.body);
        response.json({ raw: request.rawBody?.toString('latin1'), body: request.body });
      },
    );
    app.use(errorHandler({ logger }));
    return { port: await serve(app), logger, bodies };
  };

  const keepingRawBody = (parser: 'json' | 'text' | 'raw') =>
    express[parser]({
      type: () => true,
      verify: captureRawBody,
    });

  it('reads an unread stream', async () => {
    const { port } = await start();
    const response = await exchange(port, post(' {"a": 9007199254740993}\n'));
    expect(response.body).toContain('"raw":" {\\"a\\": 9007199254740993}\\n"');
  });

  it.each(['json', 'text', 'raw'] as const)(
    'takes what express.%s captured, byte for byte',
    async (parser) => {
      const { port } = await start({}, [keepingRawBody(parser)]);
      expect(
        (await exchange(port, post('{"a": 1 }', { headers: { 'Content-Type': 'application/json' } }))).body,
      ).toBe('{"raw":"{\\"a\\": 1 }","body":{"a":1}}');
      expect(
        (await exchange(port, post('{"a":1}', { timestamp: NOW + 1, sentBody: '{"a": 1}' }))).status,
      ).toBe(401);
    },
  );

  it.each([
    ['express.json', 'application/json', 'json'],
    ['express.text', 'text/plain', 'text'],
    ['express.urlencoded', 'application/x-www-form-urlencoded', 'urlencoded'],
    ['express.raw', 'multipart/form-data; boundary=x', 'raw'],
  ] as const)('never takes a body that %s read for an empty one', async (_what, type, parser) => {
    const options = { type: () => true, extended: false };
    const { port, logger } = await start({}, [express[parser](options)]);
    // Signed without a body, sent with one: 200 from a library that hashes what it cannot see as nothing.
    const attack = () => post('', { sentBody: '{"a":1}', headers: { 'Content-Type': type } });
    const responses = [await exchange(port, attack()), await exchange(port, attack())];
    for (const response of responses) {
      expect([response.status, response.body]).toEqual([
        500,
        '{"success":false,"message":"Internal server error"}',
      ]);
    }
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]?.fields).toMatchObject({
      code: 'body_already_parsed',
      help: '/docs/errors/server-middleware.html#body_already_parsed',
    });
    expect(logger.lines[0]?.message).toContain('Mount cpgAuth before express.json()');
    expect((await exchange(port, post(''))).status).toBe(200);
  });

  it.each([
    ['a decoded text', '{"a":1}', 'raw_body_not_bytes'],
    ['too few bytes', Buffer.from('{}'), 'raw_body_length_mismatch'],
    ['bytes of a request without body', Buffer.from('{"a":1}'), 'raw_body_length_mismatch', ''],
  ])('rejects rawBody that is %s', async (_what, rawBody, code, body = '{"a":1}') => {
    const capture: RequestHandler = (request, _response, next) => {
      Object.assign(request, { rawBody });
      request.resume().once('end', next);
    };
    const { port, logger } = await start({}, [capture]);
    expect((await exchange(port, post(body))).status).toBe(500);
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual([code]);
  });

  it('reads chunked bodies, of the same signature as whole ones', async () => {
    const { port } = await start();
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Length': null };
    const chunked = signedRequest({
      method: 'POST',
      target: '/v1/x',
      body: '{"a":1}',
      sentBody: '',
      headers,
    });
    const response = await exchange(
      port,
      Buffer.concat([chunked, Buffer.from('3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n')]),
    );
    expect(response.body).toBe('{"raw":"{\\"a\\":1}","body":{"a":1}}');
  });

  it('rejects compressed bodies, whatever was signed', async () => {
    const { port } = await start();
    const zipped = gzipSync('{}');
    for (const encoding of ['gzip', 'br', 'identity, gzip', 'x']) {
      const response = await exchange(port, post(zipped, { headers: { 'Content-Encoding': encoding } }));
      expect([response.status, response.body]).toEqual([
        415,
        '{"success":false,"message":"Content-Encoding is not supported"}',
      ]);
    }
  });

  it('takes the limit and not one byte more; the connection carries on after the 413', async () => {
    const { port } = await start({ bodyLimit: 16, json: false });
    const connection = new RawConnection(port);
    await connection.write(post('a'.repeat(16)));
    expect((await connection.readResponse())?.status).toBe(200);
    await connection.write(post('a'.repeat(17)));
    expect(await connection.readResponse()).toMatchObject({ status: 413, body: TOO_LARGE });
    const head = signedRequest({
      method: 'POST',
      target: '/v1/x',
      body: 'a'.repeat(17),
      sentBody: '',
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    await connection.write(Buffer.concat([head, Buffer.from(`10\r\n${'a'.repeat(16)}\r\n1\r\na\r\n`)]));
    expect(await connection.readResponse()).toMatchObject({ status: 413, body: TOO_LARGE });
    await connection.write('0\r\n\r\n');
    await connection.write(post('b'));
    expect((await connection.readResponse())?.status).toBe(200);
    connection.close();
  });

  it('holds captured bodies to the limit too', async () => {
    const { port } = await start({ bodyLimit: 4 }, [keepingRawBody('raw')]);
    expect((await exchange(port, post('12345'))).body).toBe(TOO_LARGE);
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Length': null };
    const head = signedRequest({ method: 'POST', target: '/v1/x', body: '12345', sentBody: '', headers });
    expect((await exchange(port, Buffer.concat([head, Buffer.from('5\r\n12345\r\n0\r\n\r\n')]))).body).toBe(
      TOO_LARGE,
    );
  });

  it('waits for a slow body no longer than its deadline, and closes the connection', async () => {
    const { port } = await start({ bodyTimeoutMs: 30 });
    const connection = new RawConnection(port);
    await connection.write(post('{"a":1}').subarray(0, -1));
    const response = await connection.readResponse();
    expect([response?.status, response?.body]).toEqual([
      408,
      '{"success":false,"message":"Request body was not received in full"}',
    ]);
    expect(response?.headers.connection).toBe('close');
    expect(await connection.readResponse()).toBeUndefined();
  });

  it('survives a client that leaves half-way, and admits nothing of it', async () => {
    const store = memoryStore({ clock: () => NOW * 1000 });
    const { port, bodies, logger } = await start({ store });
    const connection = new RawConnection(port);
    await connection.write(post('{"a":1}').subarray(0, -1));
    await delay(20);
    connection.close();
    expect((await exchange(port, post('{"a":1}'))).status).toBe(200);
    expect([store.size, bodies.length, logger.lines]).toEqual([1, 1, []]);
  });

  it('rejects malformed JSON with 400 when a handler reads it, not before', async () => {
    const { port, logger } = await start();
    const malformed = ['{', '{"a":1}x', '\ufeff{}', Buffer.from([0x22, 0xff, 0x22]), ' '];
    for (const [index, body] of malformed.entries()) {
      const response = await exchange(port, post(body, { timestamp: NOW + index }));
      expect([response.status, response.body]).toEqual([
        400,
        '{"success":false,"message":"Malformed JSON body"}',
      ]);
    }
    expect(logger.lines).toEqual([]);
  });

  it('distinguishes bodies that decode to the same text', async () => {
    const { port } = await start({ json: false });
    const signed = Buffer.from([0x7b, 0xff, 0x7d]);
    const sent = Buffer.from([0x7b, 0xfe, 0x7d]);
    expect((await exchange(port, post(signed, { sentBody: sent }))).status).toBe(401);
    expect((await exchange(port, post(signed))).status).toBe(200);
  });

  it('leaves the body alone when told to', async () => {
    const { port } = await start({ json: false });
    expect(
      (await exchange(port, post('plain text', { headers: { 'Content-Type': 'text/plain' } }))).body,
    ).toContain('"raw":"plain text"');
  });
});
