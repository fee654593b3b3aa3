import { REJECTIONS } from '@cpg/protocol';
import { exchange, RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import { recordingLogger, serve } from '@cpg/test-support/server-middleware/fixtures';
import createError from 'http-errors';
import { describe, expect, it } from 'vitest';
import { RejectionError } from '../errors.ts';
import { errorHandler } from './error-handler.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe.each(EXPRESS_VERSIONS)('errorHandler on %s', (_name, express) => {
  const start = async (thrown: unknown) => {
    const logger = recordingLogger();
    const app = express();
    app.use(express.json({ limit: 4 }));
    app.get('/:id', (_request, response) => {
      response.end();
    });
    app.use((_request, _response, next) => next(thrown));
    app.use(errorHandler({ logger }));
    return { port: await serve(app), logger };
  };

  it.each([
    ['a RejectionError', new RejectionError(REJECTIONS.not_found), 404, 'Not found', 0],
    [
      'an error marked 503',
      Object.assign(new Error('pool'), { status: 503 }),
      503,
      'Service temporarily unavailable',
      1,
    ],
    ['any other error', new Error('SELECT'), 500, 'Internal server error', 1],
    [
      'an error of another status',
      Object.assign(new Error('x'), { status: 418 }),
      500,
      'Internal server error',
      1,
    ],
    ['a client error', createError(409, 'The order was already paid'), 409, 'The order was already paid', 0],
    [
      'a client error with statusCode only',
      { expose: true, statusCode: 422, message: 'a: b' },
      422,
      'a: b',
      0,
    ],
    ['a client error without a message', createError(409, ''), 409, 'The request was rejected', 0],
    [
      'a client error of another type',
      { expose: true, status: 409, message: 7 },
      409,
      'The request was rejected',
      0,
    ],
    ['a 404 with a text of its own', createError(404, 'No invoice 7'), 404, 'Not found', 0],
    ['a 405 with a text of its own', createError(405, 'Use GET'), 405, 'Method not allowed', 0],
    ['a 413 with a text of its own', createError(413, 'Too big'), 413, 'Request body is too large', 0],
    [
      'a client error that is not exposed',
      createError(409, 'SELECT', { expose: false }),
      500,
      'Internal server error',
      1,
    ],
    [
      'an exposed server error',
      createError(500, 'SELECT', { expose: true }),
      500,
      'Internal server error',
      1,
    ],
    [
      'an exposed 503',
      createError(503, 'The pool is empty', { expose: true }),
      503,
      'Service temporarily unavailable',
      1,
    ],
    ['an exposed error without status', { expose: true, status: '409' }, 500, 'Internal server error', 1],
    ['an exposed error of another status', { expose: true, status: 200 }, 500, 'Internal server error', 1],
    ['an exposed error of half a status', { expose: true, status: 400.5 }, 500, 'Internal server error', 1],
    ['an exposed redirect', createError(302, 'Moved', { expose: true }), 500, 'Internal server error', 1],
    ['a text', 'oops', 500, 'Internal server error', 1],
    ['an object without prototype', Object.create(null), 500, 'Internal server error', 1],
  ])('responds to %s', async (_what, thrown, status, message, logged) => {
    const { port, logger } = await start(thrown);
    const response = await exchange(port, GET);
    expect([response.status, JSON.parse(response.body)]).toEqual([status, { success: false, message }]);
    expect(logger.lines).toHaveLength(logged);
  });

  const json = (body: string, headers = '') =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

  it.each([
    ['malformed JSON', json('{'), 400, 'Malformed JSON body'],
    ['a body too large', json('{"a":1}'), 413, 'Request body is too large'],
    [
      'an unknown charset',
      json('{}').replace('application/json', 'application/json; charset=latin9'),
      415,
      'unsupported charset "LATIN9"',
    ],
    ['a strange encoding', json('{}', 'Content-Encoding: x\r\n'), 415, 'Content-Encoding is not supported'],
    [
      'a path that is no percent-encoding',
      'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n',
      400,
      'Malformed request target',
    ],
  ])("puts %s, found by Express's own parsers, in the envelope", async (_what, request, status, message) => {
    const { port } = await start(new Error('not reached'));
    const response = await exchange(port, request);
    expect([response.status, JSON.parse(response.body)]).toEqual([status, { success: false, message }]);
  });

  it.each([
    [409, 'Paid'],
    [405, 'Method not allowed'],
  ])('sends the headers of a client error %i, but none of the message', async (status, message) => {
    const headers = {
      Allow: 'GET',
      'Retry-After': 7,
      'Content-Length': '1',
      'transfer-encoding': 'chunked',
      'Cache-Control': 'public',
      'no name': 'x',
      Broken: 'a\r\nb',
      List: ['x'],
    };
    const { port } = await start(createError(status, 'Paid', { headers }));
    const response = await exchange(port, GET);
    expect([response.status, JSON.parse(response.body)]).toEqual([status, { success: false, message }]);
    expect(response.headers).toMatchObject({
      allow: 'GET',
      'retry-after': '7',
      'cache-control': 'no-store',
      'content-length': String(response.body.length),
    });
    for (const name of ['transfer-encoding', 'no name', 'broken', 'list']) {
      expect(response.headers).not.toHaveProperty(name);
    }
  });

  it('closes the connection when the response has started', async () => {
    const app = express();
    app.use((_request, response, next) => {
      response.setHeader('Content-Length', 10);
      response.write('half');
      next(new Error('too late'));
    });
    app.use(errorHandler({ logger: recordingLogger() }));
    const connection = new RawConnection(await serve(app));
    await connection.write(GET);
    expect(await connection.readResponse()).toBeUndefined();
  });
});
