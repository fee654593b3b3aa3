import { memoryStore } from '@cpg/server-middleware';
import { expect, it } from 'vitest';
import { rewindableStore } from './admission-stores.ts';

const NOW = 1_800_000_000;

it('remembers signatures while time advances, and starts empty when the clock is set back', () => {
  let now = NOW * 1000;
  const clock = () => now;
  const store = rewindableStore(clock, () => memoryStore({ clock }));
  const admit = () =>
    store.admit({
      keyId: 'ck_1',
      signature: 'ab'.repeat(32),
      usedUntil: NOW + 300,
      minute: NOW / 60,
      limit: 10,
    });
  expect([admit(), admit()]).toEqual(['admitted', 'replayed']);
  now += 300_000;
  expect(admit()).toBe('replayed');
  now -= 1_000;
  expect(admit()).toBe('replayed');
  now += 86_400_000;
  expect(admit()).toBe('replayed');
  now = NOW * 1000;
  expect([admit(), admit()]).toEqual(['admitted', 'replayed']);
});
