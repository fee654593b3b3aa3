import { createSigningKey } from '@cpg/protocol';
import { staticKeys } from '@cpg/server-middleware';
import { describe, expect, it } from 'vitest';
import { addressRange, isEveryAddress } from './address-range.ts';

const signingKeys = [createSigningKey('a-secret-of-this-test')];
const isUsedByMiddleware = (range: string): boolean => {
  const key = {
    keyId: 'ck_1',
    accountId: 'acct_1',
    signingKeys,
    permissions: [],
    rateLimitPerMinute: 1,
    revoked: false,
  };
  try {
    staticKeys([{ ...key, sourceIps: [range] }]);
    return true;
  } catch {
    return false;
  }
};

describe('addressRange', () => {
  it.each([
    ['203.0.113.7', true],
    ['203.0.113.0/24', true],
    ['0.0.0.0/0', true],
    ['2001:db8::1', true],
    ['2001:DB8::/32', true],
    ['::203.0.113.7', true],
    ['::203.0.113.0/64', true],
    ['::ffff:203.0.113.7', true],
    ['::ffff:203.0.113.0/120', true],
    ['::ffff:203.0.113.0/64', false],
    ['::ffff:cb00:7100/95', false],
    ['203.0.113.0/33', false],
    ['203.0.113.0/024', false],
    ['203.0.113.0/', false],
    ['203.0.113', false],
    ['0xcb.0.113.7', false],
    ['3405803783', false],
    ['010.0.0.1', false],
    ['2001:db8::/129', false],
    ['[2001:db8::1]', false],
    ['203.0.113.7:443', false],
    ['localhost', false],
    ['', false],
  ])('%j: %s, as in the middleware', (range, expected) => {
    expect([addressRange.safeParse(range).success, isUsedByMiddleware(range)]).toEqual([expected, expected]);
  });
});

describe('isEveryAddress', () => {
  it.each([
    ['0.0.0.0/0', true],
    ['10.0.0.0/0', true],
    ['::/0', true],
    ['::/80', true],
    ['::ffff:0:0/96', true],
    ['::ffff:10.0.0.0/96', true],
    ['::ffff:10.0.0.0/104', false],
    ['::/97', false],
    ['::10.0.0.0/96', false],
    ['10.0.0.0/8', false],
    ['2001:db8::/32', false],
    ['10.0.0.1', false],
  ])('%s: %s', (range, expected) => {
    expect(isEveryAddress(range)).toBe(expected);
  });
});
