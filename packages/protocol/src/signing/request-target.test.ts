import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejection } from '../rejections.ts';
import { encodeComponent, encodeQuery, formatRequestTarget, parseRequestTarget } from './request-target.ts';

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
  ])('rejects %j', (target) => {
    expect(parseRequestTarget(target as string)).toEqual({
      code: 'malformed_request_target',
      status: 400,
      message: 'Malformed request target',
    });
  });
});

describe('formatRequestTarget', () => {
  it.each([
    ['/v1/balances', '', '/v1/balances'],
    ['/v1/balances', 'a=1', '/v1/balances?a=1'],
    ['/p', '?', '/p??'],
  ])('joins %s and %j', (path, query, expected) => {
    expect(formatRequestTarget({ path, query })).toBe(expected);
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
        expect(formatRequestTarget(parsed)).toBe(parsed.query === '' ? target.replace('?', '') : target);
        expect(parseRequestTarget(formatRequestTarget(parsed))).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeComponent', () => {
  it.each([
    ['abcXYZ019-._~', 'abcXYZ019-._~'],
    ["a b:c,d$!'()*", 'a%20b%3Ac%2Cd%24%21%27%28%29%2A'],
    ['+&=?#/\\%', '%2B%26%3D%3F%23%2F%5C%25'],
    ['é€😀', '%C3%A9%E2%82%AC%F0%9F%98%80'],
    ['', ''],
  ])('writes %j', (text, expected) => {
    expect(encodeComponent(text)).toBe(expected);
  });

  it('rejects a lone surrogate', () => {
    expect(() => encodeComponent('a\ud800')).toThrow(
      expect.objectContaining({
        code: 'invalid_query',
        message: 'Text must be well-formed Unicode: got "a\\ud800".',
      }),
    );
  });
});

describe('encodeQuery', () => {
  it.each([
    [{}, ''],
    [{ currency: 'USDT', network: 'ETH' }, 'currency=USDT&network=ETH'],
    [{ network: 'ETH', currency: 'USDT' }, 'network=ETH&currency=USDT'],
    [{ a: undefined, b: null, c: '' }, 'c='],
    [{ a: 5, b: 12345678901234567890n, c: true, d: -0 }, 'a=5&b=12345678901234567890&c=true&d=0'],
    [{ 'a b': '&' }, 'a%20b=%26'],
  ])('writes %o', (parameters, expected) => {
    expect(encodeQuery(parameters)).toBe(expected);
  });

  it.each([
    [['a'], 'an array'],
    [{}, 'object'],
    [Number.NaN, 'number NaN'],
    [Number.POSITIVE_INFINITY, 'number Infinity'],
    [Symbol('x'), 'symbol'],
  ])('rejects %o', (value, got) => {
    expect(() => encodeQuery({ name: value as never })).toThrow(
      expect.objectContaining({
        code: 'invalid_query',
        message: `Query parameter name must be a string, a finite number or a boolean: got ${got}.`,
      }),
    );
  });

  it('encodes text that URL parsers keep and form parsers decode', () => {
    const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed());
    const parameters = fc.dictionary(
      text.filter((name) => name !== ''),
      text,
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(parameters, (given) => {
        const query = encodeQuery(given);
        expect(new URL(`http://localhost/?${query}`).search).toBe(`?${query}`);
        expect([...new URLSearchParams(query)]).toEqual(Object.entries(given));
      }),
    );
  });
});
