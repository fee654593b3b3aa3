import { createSigningKey } from '@cpg/protocol';
import { testKey } from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { staticKeys } from './key-store.ts';

describe('staticKeys', () => {
  it('finds keys by their exact id', () => {
    const key = testKey();
    const keys = staticKeys([key]);
    expect(keys.find('ck_full')).toBe(key);
    expect(keys.find('CK_FULL')).toBeUndefined();
    expect(keys.hasSourceIps).toBe(false);
  });

  const signingKey = createSigningKey('secret');
  it.each([
    [
      'a limit of NaN',
      [testKey({ rateLimitPerMinute: Number.NaN })],
      'rateLimitPerMinute must be a whole number',
    ],
    ['a negative limit', [testKey({ rateLimitPerMinute: -1 })], 'rateLimitPerMinute must be a whole number'],
    ['no secret', [testKey({ signingKeys: [] })], 'signingKeys must hold one key'],
    [
      'three secrets',
      [testKey({ signingKeys: [signingKey, signingKey, signingKey] })],
      'signingKeys must hold one key, or two during a rotation: got an array of 3.',
    ],
    ['a repeated id', [testKey(), testKey()], 'Key ck_full is listed more than once.'],
    ['a bad whitelist entry', [testKey({ sourceIps: ['10.0.0'] })], 'got "10.0.0".'],
  ])('rejects %s', (_what, keys, message) => {
    expect(() => staticKeys(keys)).toThrow(message);
  });
});
