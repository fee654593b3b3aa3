import { inspect } from 'node:util';
import {
  catchError,
  SECRET,
  startServerAndClient,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { getHeader, type RawHandler, reject, respond } from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';
import { CpgClient } from './client.ts';
import { CpgError } from './errors.ts';

afterEach(stopAll);

/** The common ways of logging a value. */
const formatAll = (value: unknown): string =>
  [
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
    (value as Error).stack ?? '',
    JSON.stringify(value, Object.getOwnPropertyNames(value)),
  ].join('\n');

const failures: [string, RawHandler][] = [
  ['a 401', (socket) => reject(socket, [401, 'Invalid signature'])],
  ['a 503 after retries', (socket) => reject(socket, [503, 'x'])],
  ['a reset connection', (socket) => socket.resetAndDestroy()],
  ['a response that is not HTTP', (socket) => socket.end('hello\r\n\r\n')],
  ['HTML', (socket) => respond(socket, { status: 200, body: '<html>' })],
  ['a redirect', (socket) => respond(socket, { status: 307, headers: { Location: 'http://127.0.0.1:1/' } })],
  [
    'a server that echoes the headers',
    (socket, request) =>
      reject(socket, [400, `You sent ${request.headers.map((pair) => pair.join(': ')).join(', ')}`]),
  ],
];

describe('logging an error', () => {
  it.each(failures)('shows neither secret nor signature nor an axios object after %s', async (_, handler) => {
    const { server, client } = await startServerAndClient(handler, { maxRetries: 1 });
    for (const call of [() => client.balances.list(), () => client.withdrawals.create(WITHDRAWAL_BODY)]) {
      const printed = formatAll(await catchError(call()));
      expect(printed).not.toContain(SECRET);
      expect(printed).not.toMatch(/AxiosError|AxiosHeaders|isAxiosError|httpAgent/);
      for (const request of server.requests) {
        expect(printed).not.toContain(getHeader(request, 'X-CPG-Signature'));
      }
    }
  });

  it('limits the length of the message', async () => {
    const { client } = await startServerAndClient((socket) => reject(socket, [400, 'x'.repeat(50_000)]));
    const error = await catchError(client.balances.list());
    expect((error as CpgError).wireMessage).toHaveLength(1_000);
  });
});

describe('logging a client', () => {
  it('shows no secret', async () => {
    const { client } = await startServerAndClient(() => undefined);
    expect(formatAll(client)).not.toContain(SECRET);
    expect(formatAll(client)).not.toContain('SigningKey');
  });
});

describe('an invalid option', () => {
  const good = { baseUrl: 'https://api.example.com', keyId: 'ck_1', secret: SECRET };
  it.each<[object, string]>([
    [{ secret: '' }, 'Secret must be a non-empty string: got an empty one.'],
    [{ secret: undefined }, 'Secret must be a non-empty string: got undefined.'],
    [{ keyId: '' }, 'keyId must be 1–128 characters'],
    [{ keyId: `${SECRET} ` }, 'keyId must be 1–128 characters'],
    [
      { baseUrl: 'http://api.example.com' },
      'baseUrl must begin with https:// (http:// is accepted for loopback only): got http://api.example.com',
    ],
    [{ baseUrl: 'http://127.0.0.1.example.com' }, 'baseUrl must begin with https://'],
    [{ baseUrl: 'ftp://127.0.0.1' }, 'baseUrl must begin with https://'],
    [{ baseUrl: 'api.example.com' }, 'baseUrl must be a URL such as "https://api.example.com"'],
    [{ baseUrl: 'api.example.com' }, 'got a string. Fix: begin it with https://.'],
    [{ baseUrl: undefined }, 'baseUrl must be a URL'],
    [{ baseUrl: '' }, 'got an empty string. Is its environment variable set?'],
    [
      { secret: `${SECRET}\n` },
      'secret must not contain line breaks or other control characters. Fix: remove them',
    ],
    [{ secret: `"${SECRET}"` }, 'secret must not be in quotation marks. Fix: remove them'],
    [{ secret: `'${SECRET}'` }, 'secret must not be in quotation marks. Fix: remove them'],
    [{ baseUrl: 'https://api.example.com/v1' }, 'got /v1 after the host. Remove "/v1" too'],
    [{ baseUrl: 'https://api.example.com/?a=1' }, 'baseUrl must be an origin'],
    [{ baseUrl: 'https://user:word@api.example.com' }, 'baseUrl must not contain a user name or password'],
    [{ maxRetries: -1 }, 'maxRetries must be a whole number of at least 0: got -1.'],
    [{ maxRetries: 1.5 }, 'maxRetries must be a whole number of at least 0: got 1.5.'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a number of milliseconds above 0: got 0.'],
    [{ deadlineMs: Number.NaN }, 'deadlineMs must be a number of milliseconds above 0: got NaN.'],
    [{ rateLimitPerMinute: 0 }, 'rateLimitPerMinute must be a whole number above 0: got 0.'],
  ])('%j is named in the error', (change, message) => {
    const make = () => new CpgClient({ ...good, ...change });
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    expect(make).toThrow(message);
    expect(make).not.toThrow(SECRET);
  });

  it.each([
    'https://api.example.com',
    'https://api.example.com/',
    'http://localhost:8787',
    'http://[::1]:8787',
    'http://127.8.9.1',
  ])('is the baseUrl %s', (baseUrl) => {
    new CpgClient({ ...good, baseUrl }).close();
  });
});

describe('CpgError.is', () => {
  it.each([
    [new CpgError('aborted', 'x'), true],
    [Object.assign(new Error('x'), { [Symbol.for('cpg.client.error')]: true }), true],
    [new Error('x'), false],
    [{ code: 'aborted' }, false],
    [undefined, false],
  ])('of %o is %s', (value, expected) => {
    expect(CpgError.is(value)).toBe(expected);
  });
});
