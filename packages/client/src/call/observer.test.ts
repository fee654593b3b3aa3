import { inspect } from 'node:util';
import {
  BALANCE,
  CREDENTIALS,
  catchError,
  SECRET,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { getHeader, ok, type RawHandler, type RawServer, reject } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CpgClient } from '../client.ts';
import type { Logger, NoResponseEvent } from './observer.ts';

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await stopAll();
});

/** Fails once without a response and once with 503. */
const flaky: RawHandler = (socket, _, index) => {
  if (index === 0) socket.destroy();
  else if (index === 1) reject(socket, [503, 'x'], { 'Retry-After': '1' });
  else ok(socket, [BALANCE], { 'X-Request-Id': 'req-1' });
};

const makeLogger = () => {
  const lines: string[] = [];
  const events: object[] = [];
  const log = (level: string) => (message: string, event: object) => {
    lines.push(`${level} ${message.replace(/#[0-9]+/, '#n').replace(/127\.0\.0\.1:[0-9]+/, 'host')}`);
    events.push(event);
  };
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn') };
  return { logger, lines, events };
};

const expectNoSecrets = (value: unknown, server: RawServer): void => {
  const printed = inspect(value, { depth: null });
  expect(printed).not.toContain(SECRET);
  for (const request of server.requests) {
    expect(printed).not.toContain(getHeader(request, 'X-CPG-Signature'));
  }
};

describe('the log', () => {
  it('has a line for each request, response, retry and attempt without a response, and no secrets', async () => {
    const { logger, lines, events } = makeLogger();
    const { server, client } = await startServerAndClient(flaky, {
      logger,
      logLevel: 'debug',
      headers: { Authorization: 'Basic c2VjcmV0', 'X-Api-Key': 'abc-private' },
    });
    await client.balances.list({ currency: 'USDT' });
    const request = 'GET http://host/v1/balances?currency=USDT';
    expect(lines).toEqual([
      `debug cpg balances.list #n.1: ${request}`,
      expect.stringMatching(
        /^warn cpg balances\.list #n\.1: connection_failed after 0 ms, the request may have been sent\. balances\.list: no complete response: .*$/,
      ),
      expect.stringMatching(/^info cpg balances\.list #n\.1: connection_failed, next attempt in [0-9]+ ms$/),
      expect.stringMatching(
        /^debug cpg balances\.list #n\.2: GET http:\/\/host\/v1\/balances\?currency=USDT/,
      ),
      'debug cpg balances.list #n.2: 503 in 0 ms',
      'info cpg balances.list #n.2: server_error (503), next attempt in 1000 ms',
      `debug cpg balances.list #n.3: ${request}`,
      'debug cpg balances.list #n.3: 200 in 0 ms, request req-1',
    ]);
    expectNoSecrets([lines, events], server);
    expect(inspect(events, { depth: null })).not.toMatch(/c2VjcmV0|abc-private/);
    expect(server.requests.map((sent) => getHeader(sent, 'Authorization'))).toEqual(
      Array(3).fill('Basic c2VjcmV0'),
    );
  });

  it.each([
    ['info', undefined, ['info', 'info', 'warn']],
    ['warn', 'warn', ['warn']],
    ['nothing', 'off', []],
  ] as const)('with a logger has %s with the logLevel %s', async (_, logLevel, levels) => {
    const { logger, lines } = makeLogger();
    const { client } = await startServerAndClient(flaky, { logger, logLevel });
    await client.balances.list();
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(levels);
  });

  it('goes to standard error with CPG_LOG=debug, and is empty without it', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const silent = await startServerAndClient(flaky);
    await silent.client.balances.list();
    expect(printed).not.toHaveBeenCalled();
    vi.stubEnv('CPG_LOG', 'DEBUG');
    const { server, client } = await startServerAndClient((socket) => ok(socket, []));
    await client.withdrawals.create(WITHDRAWAL_BODY, { maxRetries: 0 }).catch(() => undefined);
    expect(printed.mock.calls.map(([line]) => String(line).replace(/#[0-9]+/, '#n'))).toEqual([
      `cpg withdrawals.create #n.1: POST ${server.url}/v1/withdrawals, 173 bytes`,
      'cpg withdrawals.create #n.1: 200 in 0 ms',
    ]);
    expectNoSecrets(printed.mock.calls, server);
  });

  it('is off, with a warning, for another CPG_LOG', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    vi.stubEnv('CPG_LOG', 'verbose');
    const { client } = await startServerAndClient(flaky);
    await client.balances.list();
    expect(warnings.mock.calls.map(([text]) => text)).toEqual([
      'CPG_LOG failed: Error: expected "debug" or "info" or "warn" or "off": got another text',
    ]);
    expect(printed).not.toHaveBeenCalled();
  });

  it('of a logger that fails causes warnings, and the call continues', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fail = () => {
      throw new Error('full');
    };
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      logger: { debug: fail, info: fail, warn: fail },
      logLevel: 'debug',
    });
    expect((await client.balances.list()).data).toEqual([BALANCE]);
    expect(warnings.mock.calls.map(([text]) => text)).toEqual(
      Array(2).fill('logger.debug() failed: Error: full'),
    );
  });
});

describe('onNoResponse', () => {
  const collect = () => {
    const calls: string[] = [];
    const events: NoResponseEvent[] = [];
    const push = (hook: string) => (event: { readonly callId: number; readonly attempt: number }) => {
      calls.push(`${hook} ${event.attempt}`);
      if (hook === 'onNoResponse') events.push(event as NoResponseEvent);
    };
    const hooks = {
      onRequest: push('onRequest'),
      onResponse: push('onResponse'),
      onNoResponse: push('onNoResponse'),
    };
    return { calls, events, hooks };
  };

  it('is called for each attempt without a response, and each onRequest has one end', async () => {
    const { calls, events, hooks } = collect();
    const { client } = await startServerAndClient(flaky, hooks);
    await client.balances.list();
    expect(calls).toEqual([
      ...['onRequest 1', 'onNoResponse 1'],
      ...['onRequest 2', 'onResponse 2'],
      ...['onRequest 3', 'onResponse 3'],
    ]);
    expect(events).toEqual([
      {
        operation: 'balances.list',
        callId: expect.any(Number),
        attempt: 1,
        code: 'connection_failed',
        message: expect.stringContaining('no complete response'),
        maybeSent: true,
        durationMs: 0,
      },
    ]);
  });

  it('is called for an abort, also by a hook, and for a connection that cannot be made', async () => {
    const { events, hooks } = collect();
    const waiting = new AbortController();
    const { server, client } = await startServerAndClient(() => waiting.abort(), { ...hooks, maxRetries: 0 });
    await catchError(client.ping({ signal: waiting.signal }));
    const controller = new AbortController();
    const abort = () => {
      hooks.onRequest({ callId: 0, attempt: 1 });
      controller.abort();
    };
    await catchError(client.withOptions({ onRequest: abort }).ping({ signal: controller.signal }));
    await server.stop();
    await catchError(client.ping());
    expect(events.map(({ code, maybeSent }) => [code, maybeSent])).toEqual([
      ['aborted', true],
      ['aborted', false],
      ['connection_failed', false],
    ]);
  });

  it('tells concurrent calls apart by their callId', async () => {
    const ids: number[] = [];
    const { client } = await startServerAndClient((socket) => ok(socket, [BALANCE]), {
      onResponse: ({ callId }) => void ids.push(callId),
    });
    await Promise.all([client.balances.list(), client.balances.list(), client.balances.list()]);
    expect(new Set(ids).size).toBe(3);
  });

  it('is not called for a client that cannot sign', () => {
    const { hooks } = collect();
    expect(() => new CpgClient({ ...CREDENTIALS, baseUrl: 'x', ...hooks })).toThrow('baseUrl must be a URL');
  });
});
