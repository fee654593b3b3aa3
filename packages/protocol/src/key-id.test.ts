import { describe, expect, it } from 'vitest';
import { isKeyId } from './key-id.ts';

describe('isKeyId', () => {
  it.each(['a', 'ck_demo_full', 'A-Z.a_9', '0'.repeat(128)])('accepts %s', (text) => {
    expect(isKeyId(text)).toBe(true);
  });

  it.each(['', '0'.repeat(129), 'a b', 'a\n', 'é', 'a/b', 'a,b', 'a:b', ' a', undefined, null, ['a']])(
    'refuses %j',
    (text) => {
      expect(isKeyId(text as string)).toBe(false);
    },
  );
});
