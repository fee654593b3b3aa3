import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  type BodyOf,
  createPathMatcher,
  type DataOf,
  defineEndpoint,
  isPathTemplate,
  NO_PARAMETERS,
  type PathParametersOf,
  type QueryOf,
  type ResponseOf,
  type ValidatedRequest,
} from './endpoint.ts';
import type {
  createDepositAddress,
  createWithdrawal,
  getWithdrawal,
  listBalances,
  listTransactions,
} from './index.ts';
import * as endpoints from './index.ts';
import type { Balance } from './list-balances.ts';

describe('defineEndpoint', () => {
  it('freezes the definition', () => {
    expect(defineEndpoint({ ...endpoints.ping })).toSatisfy(Object.isFrozen);
    expect(NO_PARAMETERS.parse({ any: 1 })).toEqual({});
  });

  describe("of a service's own API", () => {
    const own = {
      name: 'invoices.update',
      summary: 'Update an invoice',
      method: 'PATCH',
      path: '/billing/v2/invoices/{invoiceId}',
      permission: 'invoices:write',
      pathParameters: z.object({ invoiceId: z.string() }),
      query: NO_PARAMETERS,
      body: null,
      response: endpoints.ping.response,
    } as const;

    it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)(
      'takes %s, any path and its own permission',
      (method) => {
        expect(defineEndpoint({ ...own, method })).toMatchObject({ method, permission: 'invoices:write' });
        const match = createPathMatcher(own.path);
        expect(match('/billing/v2/invoices/7')).toEqual({ invoiceId: '7' });
      },
    );

    it('rejects a misspelt permission, when it is compiled and when it runs', () => {
      expect(() => {
        // @ts-expect-error neither a permission of CPG nor an own one
        defineEndpoint({ ...own, permission: 'withdrw' });
      }).toThrow(
        'permission of the endpoint must be "withdraw", or, if it is a permission of your own API, have a colon, e.g. "own:withdrw": got "withdrw".',
      );
    });

    it.each([
      ['a parameter without schema', '/invoices/{invoiceId}/{line}'],
      ['no parameter for a schema', '/invoices'],
      ['a parameter twice', '/invoices/{invoiceId}/{invoiceId}'],
      ['a name that is no parameter', '/invoices/{invoice-id}'],
      ['a brace', '/invoices/{invoiceId}}'],
      ['a query', '/invoices/{invoiceId}?full=1'],
      ['a parameter of Express', '/invoices/{invoiceId}/:line'],
      ['a wildcard of Express', '/invoices/{invoiceId}/*'],
      ['a space', '/invoices/{invoiceId}/all lines'],
    ] as const)('rejects a path with %s', (_what, path) => {
      expect(() => defineEndpoint({ ...own, path })).toThrow(
        `with each key of pathParameters once in braces, one in a segment, e.g. /v1/invoices/{invoice_id}: got "${path}".`,
      );
    });

    it.each([
      [
        { method: 'HEAD' },
        'method of the endpoint must be one of GET, POST, PUT, PATCH, DELETE: got string.',
      ],
      [{ path: 'v1/x' }, 'path of the endpoint must be a string that begins with /: got string.'],
      [{ permission: 1 }, 'permission of the endpoint must be null or the name of a permission: got number.'],
    ])('rejects %j', (field, message) => {
      expect(() => defineEndpoint({ ...own, ...(field as object) })).toThrow(message);
    });
  });

  it('infers what a caller passes', () => {
    expectTypeOf<PathParametersOf<typeof getWithdrawal>>().toEqualTypeOf<{
      readonly withdrawal_id: string | number | bigint;
    }>();
    expectTypeOf<QueryOf<typeof listBalances>>().toEqualTypeOf<{
      readonly currency?: string | undefined;
      readonly network?: string | undefined;
    }>();
    expectTypeOf<QueryOf<typeof listTransactions>['limit']>().toEqualTypeOf<string | number | undefined>();
    expectTypeOf<QueryOf<typeof listTransactions>['direction']>().toEqualTypeOf<
      'deposit' | 'withdrawal' | 'sweep' | 'gas_topup' | undefined
    >();
    // The wire allows a JSON number, which may have lost digits before it is sent.
    expectTypeOf<BodyOf<typeof createWithdrawal>['amount']>().toEqualTypeOf<string>();
    expectTypeOf<BodyOf<typeof createDepositAddress>>().toEqualTypeOf<{
      readonly currency: string;
      readonly network: string;
      readonly user_identifier?: string | null | undefined;
      readonly idempotency_key?: string | null | undefined;
    }>();
  });

  it('infers what a handler receives', () => {
    expectTypeOf<ValidatedRequest<typeof createWithdrawal>['body']['amount']>().toEqualTypeOf<string>();
    expectTypeOf<ValidatedRequest<typeof listBalances>['body']>().toEqualTypeOf<undefined>();
    expectTypeOf<ValidatedRequest<typeof listTransactions>['query']['limit']>().toEqualTypeOf<number>();
    expectTypeOf<ValidatedRequest<typeof listTransactions>['query']['cursor']>().toEqualTypeOf<
      string | undefined
    >();
  });

  it('infers the response', () => {
    expectTypeOf<DataOf<typeof listBalances>>().toEqualTypeOf<Balance[]>();
    expectTypeOf<DataOf<typeof getWithdrawal>['tx_hash']>().toEqualTypeOf<string | null>();
    expectTypeOf<ResponseOf<typeof listTransactions>['next_cursor']>().toEqualTypeOf<number | null>();
    expectTypeOf<ResponseOf<typeof listTransactions>['has_more']>().toEqualTypeOf<boolean>();
    // Known values are suggested, others accepted.
    expectTypeOf<'confirmed'>().toExtend<DataOf<typeof getWithdrawal>['status']>();
    expectTypeOf<string>().toExtend<DataOf<typeof getWithdrawal>['status']>();
  });
});

describe('isPathTemplate', () => {
  it.each(['/v1/_ping', '/a/{b}/c', '/a/x{b}y', '/a/{b}:cancel', '/', '/a/(b).json'])(
    'accepts %s',
    (path) => {
      expect(isPathTemplate(path)).toBe(true);
    },
  );

  it.each([
    '',
    'a',
    '/{a}{b}',
    '/{a}-{b}',
    '/:a',
    '/a/*',
    '/a?b',
    '/{a',
    '/a}',
    '/a b',
    '//a',
    '/a#b',
    1,
    null,
  ])('rejects %j', (path) => {
    expect(isPathTemplate(path)).toBe(false);
  });
});

describe('createPathMatcher', () => {
  it.each([
    ['/v1/_ping', '/v1/_ping', {}],
    ['/v1/withdrawals/{withdrawal_id}', '/v1/withdrawals/7', { withdrawal_id: '7' }],
    ['/v1/withdrawals/{withdrawal_id}', '/v1/withdrawals/%37', { withdrawal_id: '%37' }],
    ['/v1/{a}/x/{b}', '/v1/1/x/2', { a: '1', b: '2' }],
    ['/v1/file-{name}.(json)', '/v1/file-a.b.(json)', { name: 'a.b' }],
  ])('matches %s with %s', (template, path, parameters) => {
    expect(createPathMatcher(template)(path)).toEqual(parameters);
  });

  it('takes linear time: no template has two parameters in a segment', () => {
    expect(() => createPathMatcher('/v1/{a}-{b}')).toThrow(
      'template must have at most one parameter between two slashes: got "/v1/{a}-{b}".',
    );
    const match = createPathMatcher('/v1/{a}-/x/-{b}-/{c}');
    const startedAt = performance.now();
    expect(match(`/v1/${'-'.repeat(100_000)}/x/${'-'.repeat(100_000)}/`)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it.each([
    ['/v1/_ping', '/v1/_PING'],
    ['/v1/_ping', '/v1/_ping/'],
    ['/v1/_ping', '/v1/%5Fping'],
    ['/v1/withdrawals/{withdrawal_id}', '/v1/withdrawals/'],
    ['/v1/withdrawals/{withdrawal_id}', '/v1/withdrawals/7/8'],
    ['/v1/withdrawals/{withdrawal_id}', '/x/v1/withdrawals/7'],
    ['/v1/file.json', '/v1/fileXjson'],
  ])('does not match %s with %j', (template, path) => {
    expect(createPathMatcher(template)(path)).toBeUndefined();
  });
});
