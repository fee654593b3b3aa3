import { CREATED_WITHDRAWAL, CREDENTIALS, isAuthentic, SECRET } from '@cpg/test-support/client/fixtures';
import { TRANSPORTS } from '@cpg/test-support/client/transports';
import { type CapturedRequest, getHeader, ok, RawServer } from '@cpg/test-support/raw-server';
import axios from 'axios';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CpgClient } from './client.ts';

describe.each(TRANSPORTS)('$name', ({ create }) => {
  let server: RawServer;
  let client: CpgClient;

  beforeAll(async () => {
    server = await RawServer.start((socket, request) =>
      ok(socket, request.method === 'GET' ? [] : CREATED_WITHDRAWAL),
    );
    client = new CpgClient({ baseUrl: server.url, ...CREDENTIALS, transport: create() });
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
  afterEach(() => {
    server.requests.length = 0;
  });

  const lastRequest = (): CapturedRequest => {
    const request = server.requests.at(-1);
    if (request === undefined) throw new Error('nothing captured');
    return request;
  };

  /** Any well-formed text without NUL, which requests must not contain. */
  const text = (minLength: number, maxLength: number) =>
    fc
      .string({ unit: 'binary', minLength, maxLength })
      .filter((value) => value.isWellFormed() && !value.includes('\0') && value.length <= maxLength);

  describe('the bytes on the wire are the bytes that were signed', () => {
    it.each([
      ' ',
      '..',
      '/',
      '%2f',
      '%',
      '+',
      '&',
      '=',
      '?',
      '#',
      '\\',
      "'",
      '"',
      '<>',
      '[]',
      '{}',
      '|',
      '^',
      '`',
      '~',
      '!',
      '()',
      '*',
      ';',
      ':',
      '@',
      ',',
      '$',
      'é',
      'é',
      '\u{1f4a9}',
      '\u2028',
      '\uFEFF',
      '\n',
      '\r\n',
      '\t',
      '\u007f',
      '',
      '__proto__',
      'a b:c,d$',
      "!'()*~",
    ])('for a filter of %j', async (currency) => {
      await client.balances.list({ currency, network: currency });
      const request = lastRequest();
      expect(isAuthentic(request, SECRET)).toBe(true);
      const query = new URLSearchParams(request.target.slice(request.target.indexOf('?') + 1));
      expect([query.get('currency'), query.get('network')]).toEqual([currency, currency]);
      expect(request.target).toMatch(/^[A-Za-z0-9/_?&=%.~-]+$/);
    });

    it('for any query', async () => {
      await fc.assert(
        fc.asyncProperty(fc.record({ currency: text(0, 64), network: text(0, 64) }), async (filters) => {
          await client.balances.list(filters);
          expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
        }),
        { numRuns: 100 },
      );
    });

    it('for any body', async () => {
      const body = fc.record({
        currency: text(1, 32),
        network: text(1, 32),
        to_address: text(10, 256),
        client_reference: text(1, 128),
        amount: fc.constantFrom('1', '0.00000001', '99999999999999999999.999999999999999999'),
      });
      await fc.assert(
        fc.asyncProperty(body, async (given) => {
          await client.withdrawals.create(given);
          const request = lastRequest();
          expect(isAuthentic(request, SECRET)).toBe(true);
          expect(getHeader(request, 'Content-Length')).toBe(String(request.body.length));
          expect(JSON.parse(request.body.toString('utf8'))).toEqual(given);
        }),
        { numRuns: 100 },
      );
    });

    it('whatever the program changes in the global axios', async () => {
      const before = { ...axios.defaults, headers: axios.defaults.headers };
      const interceptor = axios.interceptors.request.use(() => {
        throw new Error('not this one');
      });
      Object.assign(axios.defaults, {
        baseURL: 'http://example.invalid/',
        params: { injected: 1 },
        transformRequest: [() => 'changed'],
        maxRedirects: 9,
      });
      try {
        await new CpgClient({ baseUrl: server.url, ...CREDENTIALS, transport: create() }).balances.list({
          currency: 'A',
        });
      } finally {
        for (const name of ['baseURL', 'params', 'maxRedirects'] as const) delete axios.defaults[name];
        Object.assign(axios.defaults, before);
        axios.interceptors.request.eject(interceptor);
      }
      expect(lastRequest().target).toBe('/v1/balances?currency=A');
      expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
    });
  });

  describe('invalid arguments are rejected before anything is sent', () => {
    const body = { currency: 'USDT', network: 'ETH', to_address: '0x52908400098527886E0F', amount: '1' };

    it.each<[string, () => PromiseLike<unknown>, string]>([
      [
        'a misspelt filter',
        () => client.balances.list({ curency: 'USDT' } as never),
        'balances.list: curency: Unexpected field. Did you mean currency?',
      ],
      [
        'a filter named like a method',
        () => client.balances.list({ toString: 'x' } as never),
        'balances.list: toString: Unexpected field',
      ],
      [
        'a list',
        () => client.balances.list({ currency: ['A', 'B'] } as never),
        'balances.list: Query parameter currency must be a string, a finite number or a boolean: got an array.',
      ],
      [
        'a lone surrogate',
        () => client.balances.list({ currency: '\ud800' }),
        'balances.list: Text must be well-formed Unicode: got "\\ud800".',
      ],
      [
        'a misspelt body field',
        () => client.withdrawals.create({ ...body, client_refrence: 'x' } as never),
        'withdrawals.create: client_refrence: Unexpected field',
      ],
      [
        'an amount that lost digits',
        () => client.withdrawals.create({ ...body, amount: (0.1 + 0.2) as never }),
        'withdrawals.create: amount: Input should be a decimal string: a JSON number does not keep this many digits',
      ],
      [
        'an amount of zero',
        () => client.withdrawals.create({ ...body, amount: '0' }),
        'withdrawals.create: amount: Input should be greater than 0',
      ],
      [
        'a missing field',
        () => client.withdrawals.create({ currency: 'USDT' } as never),
        'withdrawals.create: network: Field required; amount: Field required; to_address: Field required',
      ],
      [
        'an id that is a path',
        () => client.withdrawals.get('1/../2'),
        'withdrawals.get: withdrawal_id: Input should be a valid integer',
      ],
      [
        'no id',
        () => client.withdrawals.get(undefined as never),
        'withdrawals.get: withdrawal_id: Input should be a valid integer: got undefined',
      ],
      [
        'a page too large',
        () => client.transactions.list({ limit: 201 }),
        'transactions.list: limit: Input should be less than or equal to 200',
      ],
    ])('%s', async (_, call, message) => {
      await expect(call()).rejects.toMatchObject({ code: 'invalid_request', message, attempts: 0 });
      expect(server.requests).toHaveLength(0);
    });
  });
});
