import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endpoints, REJECTIONS } from '@cpg/protocol';
import { exchange, RawConnection } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  collectResponses,
  NOW,
  type RequestParts,
  recordingLogger,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  authenticate,
  type CpgAuthOptions,
  cpgAuth,
  errorHandler,
  getRejection,
  ipBackstop,
  memoryStore,
  observeResponses,
  RESPONSE_CHANNEL,
  RejectionError,
  type ResponseEvent,
  recordResponse,
  requirePermission,
  route,
  routes,
  sendRejection,
  startRecording,
  staticKeys,
} from '../index.ts';

const clock = () => NOW * 1000;
const PLAIN = 'GET / HTTP/1.1\r\nHost: x\r\n';

describe.each(EXPRESS_VERSIONS)('the events of responses, on %s', (_name, express) => {
  const logger = recordingLogger();

  const start = (options: Partial<CpgAuthOptions> = {}) => {
    const app = express();
    app.set('trust proxy', 'loopback');
    app.use(ipBackstop({ limitPerMinute: 4, logger }));
    const keys = staticKeys([
      testKey(),
      testKey({ keyId: 'ck_weak', permissions: [] }),
      testKey({ keyId: 'ck_slow', rateLimitPerMinute: 0 }),
    ]);
    app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock, logger, ...options }));
    app.get('/v1/own/:id', requirePermission('read_balance'), (request, response) => {
      response.status(request.params.id === 'gone' ? 410 : 200).end();
    });
    app.get('/v1/hangs', (_request, response) => {
      response.write('half');
    });
    app.use(
      routes(
        [
          route(endpoints.ping, () => ({ pong: true as const })),
          route(endpoints.createWithdrawal, () => {
            throw new RejectionError(REJECTIONS.insufficient_available_balance);
          }),
          route(endpoints.getWithdrawal, () => REJECTIONS.not_found),
          route(endpoints.listBalances, () => {
            throw new Error('broken');
          }),
        ],
        { logger },
      ),
    );
    app.get('/broken', () => {
      throw new Error('broken');
    });
    app.use(errorHandler({ logger }));
    return serve(app);
  };

  const CASES: readonly (readonly [string, RequestParts, Partial<ResponseEvent>])[] = [
    [
      'a served endpoint',
      { target: '/v1/_ping?secret=1' },
      { status: 200, outcome: 'served', keyId: 'ck_full', path: '/v1/_ping', route: '/v1/_ping' },
    ],
    ['an own route', { target: '/v1/own/7' }, { status: 200, outcome: 'served', route: '/v1/own/:id' }],
    ['a status of a handler', { target: '/v1/own/gone' }, { status: 410, outcome: 'served' }],
    [
      'an unknown key',
      { keyId: 'ck_nobody' },
      { status: 401, outcome: 'invalid_signature', rejectedBy: 'signature', route: '/v1/_ping' },
    ],
    [
      'a rate limit',
      { keyId: 'ck_slow' },
      { status: 429, outcome: 'rate_limit_exceeded', rejectedBy: 'admission', keyId: 'ck_slow' },
    ],
    [
      'a missing permission of an endpoint',
      { keyId: 'ck_weak', target: '/v1/balances' },
      { status: 403, outcome: 'missing_permission', rejectedBy: 'permission', keyId: 'ck_weak' },
    ],
    [
      'a missing permission of an own route',
      { keyId: 'ck_weak', target: '/v1/own/7' },
      { status: 403, outcome: 'missing_permission', rejectedBy: 'permission', route: '/v1/own/:id' },
    ],
    [
      'malformed JSON',
      { method: 'POST', target: '/v1/withdrawals', body: '{' },
      { status: 400, outcome: 'malformed_json_body', rejectedBy: 'json', route: '/v1/withdrawals' },
    ],
    [
      'a body that does not fit the schema',
      { method: 'POST', target: '/v1/withdrawals', body: '{}' },
      { status: 422, outcome: 'validation_failed', rejectedBy: 'schema', keyId: 'ck_full' },
    ],
    [
      'a rejection of a handler',
      { target: '/v1/withdrawals/7' },
      { status: 404, outcome: 'not_found', rejectedBy: 'handler', route: '/v1/withdrawals/{withdrawal_id}' },
    ],
    [
      'an unknown path',
      { target: '/v1/nothing' },
      { status: 404, outcome: 'not_found', rejectedBy: 'routing', route: undefined },
    ],
    [
      'another method',
      { method: 'DELETE', target: '/v1/balances' },
      { status: 405, outcome: 'method_not_allowed', rejectedBy: 'routing', route: '/v1/balances' },
    ],
    [
      'an error of a handler',
      { target: '/v1/balances' },
      { status: 500, outcome: 'internal_server_error', rejectedBy: 'handler' },
    ],
    [
      'an error of a route without cpgAuth',
      { target: '/broken' },
      { status: 500, outcome: 'internal_server_error', rejectedBy: undefined, keyId: undefined },
    ],
  ];

  it.each(CASES)('name %s', async (_what, parts, expected) => {
    const { take, events } = collectResponses();
    const port = await start();
    const headers = { 'X-Request-Id': 'abc-1', 'X-Forwarded-For': '192.0.2.7' };
    const { status } = await exchange(port, signedRequest({ ...parts, headers }));
    const event = await take();
    expect(event).toMatchObject({ requestId: 'abc-1', clientIp: '192.0.2.7', isComplete: true, ...expected });
    expect([event.status, event.method]).toEqual([status, parts.method ?? 'GET']);
    expect(event.ms).toBeGreaterThan(0);
    expect(Math.abs(event.startedAt - Date.now())).toBeLessThan(60_000);
    expect(JSON.stringify(event)).not.toMatch(/[0-9a-f]{64}|secret/);
    expect(events).toEqual([]);
  });

  it('name the 429 of ipBackstop, and a store that is down', async () => {
    const { take } = collectResponses();
    const port = await start({ store: { admit: () => Promise.reject(new Error('down')) } });
    const outcomes = [];
    for (let index = 0; index < 5; index += 1) {
      await exchange(port, signedRequest());
      const { status, outcome, rejectedBy, errorCode } = await take();
      outcomes.push([status, outcome, rejectedBy, errorCode]);
    }
    expect(outcomes[0]).toEqual([503, 'service_unavailable', 'admission', 'store_unavailable']);
    expect(outcomes[4]).toEqual([429, 'too_many_requests_from_ip', 'ip_backstop', undefined]);
  });

  it('tell an aborted response, once', async () => {
    const { take, events } = collectResponses();
    const port = await start();
    const connection = new RawConnection(port);
    await connection.write(signedRequest({ target: '/v1/hangs' }));
    await once(connection.socket, 'data');
    connection.close();
    expect(await take()).toMatchObject({ outcome: 'aborted', isComplete: false, status: 200 });
    expect(events).toEqual([]);
  });

  it('carry the times of the checks', async () => {
    const { take } = collectResponses();
    await exchange(await start(), signedRequest());
    const { passed, authenticationMs, ms } = await take();
    expect(passed.map(({ check }) => check)).toContain('admission');
    expect(authenticationMs).toBeGreaterThan(0);
    expect(authenticationMs).toBeLessThanOrEqual(ms);
  });

  it.each(['', 'a b', 'x'.repeat(129), 'a\u00e9'])(
    'replace the request id %j with a UUID',
    async (requestId) => {
      const { take } = collectResponses();
      const request = `${PLAIN}X-Request-Id: ${requestId}\r\n\r\n`;
      const app = express();
      app.use(observeResponses());
      await exchange(await serve(app), Buffer.from(request, 'latin1'));
      expect((await take()).requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    },
  );

  it('take the request id of a function, and survive one that fails', async () => {
    const { take } = collectResponses();
    const lines = recordingLogger();
    const start = (requestId: () => unknown) => {
      const app = express();
      app.use(observeResponses({ requestId, logger: lines }));
      app.use(ipBackstop());
      return serve(app);
    };
    await exchange(await start(() => 'of-the-logger'), `${PLAIN}\r\n`);
    // Also the 404 of Express itself has its event.
    expect(await take()).toMatchObject({ requestId: 'of-the-logger', status: 404, outcome: 'served' });
    const failing = await start(() => {
      throw new Error('broken');
    });
    expect((await exchange(failing, `${PLAIN}\r\n`)).status).toBe(404);
    expect((await take()).requestId).toHaveLength(36);
    expect(lines.lines.map(({ fields }) => fields.code)).toEqual(['callback_failed']);
  });

  it('have no client address when the "trust proxy" function throws', async () => {
    const { take } = collectResponses();
    const app = express();
    app.set('trust proxy', () => {
      throw new Error('broken');
    });
    app.use(observeResponses());
    expect((await exchange(await serve(app), `${PLAIN}X-Forwarded-For: 192.0.2.7\r\n\r\n`)).status).toBe(404);
    expect((await take()).clientIp).toBeUndefined();
  });

  it('are published in the async context of the request', async () => {
    const context = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    const { take } = collectResponses();
    const listener = () => {
      seen = context.getStore();
    };
    subscribe(RESPONSE_CHANNEL, listener);
    onTestFinished(() => {
      unsubscribe(RESPONSE_CHANNEL, listener);
    });
    const app = express();
    app.use((_request, _response, next) => context.run('request 1', next));
    app.use(observeResponses());
    await exchange(await serve(app), `${PLAIN}\r\n`);
    await take();
    expect(seen).toBe('request 1');
  });

  it('cannot be broken by a subscriber that throws', async () => {
    const failing = () => {
      throw new Error('broken');
    };
    subscribe(RESPONSE_CHANNEL, failing);
    onTestFinished(() => {
      unsubscribe(RESPONSE_CHANNEL, failing);
    });
    const { take } = collectResponses();
    expect((await exchange(await start(), signedRequest())).status).toBe(200);
    expect((await take()).outcome).toBe('served');
  });

  it('every middleware has a name, which the router stack and traces show', () => {
    const keys = staticKeys([testKey()]);
    const made = {
      observeResponses: observeResponses(),
      ipBackstop: ipBackstop(),
      cpgAuth: cpgAuth({ keys, store: memoryStore() }),
      requirePermission: requirePermission('withdraw'),
      routes: routes([]),
      errorHandler: errorHandler(),
    };
    const app = express();
    for (const middleware of Object.values(made)) app.use(middleware as never);
    interface Stack {
      readonly stack: readonly { readonly name: string }[];
    }
    // Express 4 has it under another name.
    const internals = app as unknown as { readonly _router?: Stack; readonly router: Stack };
    const names = (internals._router ?? internals.router).stack.map(({ name }) => name);
    expect(names.slice(-6)).toEqual(Object.keys(made));
  });
});

describe('without a framework', () => {
  it('recordResponse, authenticate and sendRejection make the same event', async () => {
    const { take } = collectResponses();
    const options = { keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock };
    const port = await serve(async (request, response) => {
      const { method = '', url: target = '', rawHeaders } = request;
      const clientIp = request.socket.remoteAddress;
      const recorder = recordResponse(response, () => ({ method, target, clientIp }));
      expect(recordResponse(response, () => ({ method, target }))).toBe(recorder);
      const readBody = () => Buffer.alloc(0);
      const described = { method, target, rawHeaders, clientIp: () => clientIp, readBody, recorder };
      const outcome = await authenticate(described, options);
      if ('code' in outcome) sendRejection(response, outcome);
      else response.end();
    });
    await exchange(port, signedRequest());
    expect(await take()).toMatchObject({ keyId: 'ck_full', outcome: 'served', clientIp: '127.0.0.1' });
    await exchange(port, signedRequest());
    expect(await take()).toMatchObject({ outcome: 'signature_already_used', rejectedBy: 'admission' });
  });

  it('startRecording serves frameworks without node:http; the first rejection and the first end count', async () => {
    const { events } = collectResponses();
    const recorder = startRecording(() => ({ method: 'GET', target: '/v1/_ping', requestId: 7 }));
    recorder?.routed('/own');
    recorder?.rejected(getRejection(new Error('broken')), 'handler');
    recorder?.responding({ rejection: REJECTIONS.service_unavailable, errorCode: 'store_deadline' });
    recorder?.rejected(REJECTIONS.not_found);
    recorder?.finish(500);
    recorder?.finish(200);
    expect(events).toMatchObject([
      {
        status: 500,
        outcome: 'internal_server_error',
        rejectedBy: 'handler',
        route: '/own',
        errorCode: 'store_deadline',
      },
    ]);
  });

  it('nothing is recorded without a subscriber', async () => {
    const never = () => {
      throw new Error('must not be called');
    };
    expect(startRecording(never)).toBeUndefined();
    const port = await serve((_request, response) => {
      expect(recordResponse(response, never)).toBeUndefined();
      sendRejection(response, REJECTIONS.not_found);
    });
    expect((await exchange(port, `${PLAIN}\r\n`)).status).toBe(404);
  });

  it('a response that never started has no status', async () => {
    const { take } = collectResponses();
    const server = createServer((request, response) => {
      recordResponse(response, () => ({ method: 'GET', target: '/' }));
      request.socket.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      server.close();
    });
    const connection = new RawConnection((server.address() as AddressInfo).port);
    await connection.write(`${PLAIN}\r\n`);
    const event = await take();
    expect([event.status, event.outcome, event.isComplete]).toEqual([undefined, 'aborted', false]);
  });
});
