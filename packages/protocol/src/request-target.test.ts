import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejection } from './rejection.ts';
import { parseRequestTarget, printRequestTarget } from './request-target.ts';

describe('parseRequestTarget', () => {
  it.each([
    ['/', '/', ''],
    ['/v1/balances', '/v1/balances', ''],
    ['/v1/balances?currency=USDT&network=ETH', '/v1/balances', 'currency=USDT&network=ETH'],
    ['/v1/balances?', '/v1/balances', ''],
    ['/p?a=1?b=2', '/p', 'a=1?b=2'],
    ['/p??', '/p', '?'],
    ['/a//b/../c/./d/', '/a//b/../c/./d/', ''],
    ['/a%2fb%7E%zz;x=1', '/a%2fb%7E%zz;x=1', ''],
    ['/p?&&a=+&=%20', '/p', '&&a=+&=%20'],
    ['/!"$%&\'()*+,-.:;<=>@[]^_`{|}~', '/!"$%&\'()*+,-.:;<=>@[]^_`{|}~', ''],
    ['/p?//x', '/p', '//x'],
  ])('splits %s', (target, path, query) => {
    expect(parseRequestTarget(target)).toEqual({ path, query });
  });

  it.each([
    '',
    '*',
    'v1/balances',
    'http://example.com/v1/balances',
    '?a=1',
    '//v1/balances',
    '//evil.example/v1',
    '/v1#x',
    '/v1?a=#',
    '/v1\\balances',
    '/v1 balances',
    '/v1\t',
    '/v1\n',
    '/v1\r',
    '/v1\u0000',
    '/v1\u007f',
    '/é',
    '/v1?q=€',
    ' /v1',
    undefined,
    ['/v1'],
  ])('refuses %j', (target) => {
    expect(parseRequestTarget(target as string)).toEqual({
      code: 'malformed_request_target',
      status: 400,
      message: 'Malformed request target',
    });
  });
});

describe('printRequestTarget', () => {
  it.each([
    ['/v1/balances', '', '/v1/balances'],
    ['/v1/balances', 'a=1', '/v1/balances?a=1'],
    ['/p', '?', '/p??'],
  ])('joins %s and %j', (path, query, expected) => {
    expect(printRequestTarget({ path, query })).toBe(expected);
  });

  it('agrees with the parser both ways', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7f }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(visible, (text) => {
        const target = `/${text}`;
        const parsed = parseRequestTarget(target);
        if (isRejection(parsed)) {
          expect(target).toMatch(/^\/\/|[ #\\\u007f]/);
          return;
        }
        expect(printRequestTarget(parsed)).toBe(parsed.query === '' ? target.replace('?', '') : target);
        expect(parseRequestTarget(printRequestTarget(parsed))).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});
