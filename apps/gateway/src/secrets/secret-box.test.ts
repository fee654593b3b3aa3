import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretBox } from './secret-box.ts';

const box = createSecretBox(randomBytes(32));

describe('createSecretBox', () => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, label) => {
        expect(box.open(box.seal(secret, label), label)).toBe(secret);
      }),
    );
  });

  it('seals the same secret differently each time, and never in the clear', () => {
    const first = box.seal('a secret', 'ck_1');
    expect(first).not.toBe(box.seal('a secret', 'ck_1'));
    expect(Buffer.from(first, 'base64').toString('latin1')).not.toContain('a secret');
  });

  it('refuses another label, another master key and a changed box', () => {
    const sealed = box.seal('a secret', 'ck_1');
    const changed = Buffer.from(sealed, 'base64');
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    expect(() => box.open(sealed, 'ck_2')).toThrow();
    expect(() => createSecretBox(randomBytes(32)).open(sealed, 'ck_1')).toThrow();
    expect(() => box.open(changed.toString('base64'), 'ck_1')).toThrow();
  });
});
