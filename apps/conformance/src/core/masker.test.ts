import { describe, expect, it } from 'vitest';
import { Masker } from './masker.ts';

const SECRET = 'a "very" secret\ttext';

const masker = new Masker();
masker.addSecret(SECRET);
masker.addSignature('0123456789abcdef'.repeat(4));

describe('Masker', () => {
  it.each([
    ['as it is', `<${SECRET}>`],
    ['in base64', `<${Buffer.from(SECRET).toString('base64')}>`],
    ['in hex', `<${Buffer.from(SECRET).toString('hex')}>`],
    ['in hex, upper-case', `<${Buffer.from(SECRET).toString('hex').toUpperCase()}>`],
    ['in base64url', `<${Buffer.from(SECRET).toString('base64url')}>`],
    ['in a URL', `<${encodeURIComponent(SECRET)}>`],
    ['in a form', '<a+%22very%22+secret%09text>'],
    ['in a line of JSON', `<${JSON.stringify(SECRET).slice(1, -1)}>`],
  ])('finds and hides a secret %s', (_name, text) => {
    expect(masker.containsSecret(text)).toBe(true);
    expect(masker.mask(text)).toBe('<[secret]>');
  });

  it.each(['k:', 'ck:', 'key:'])('finds a secret in the base64 of %s and itself', (before) => {
    const text = Buffer.from(`${before}${SECRET}; more`).toString('base64');
    expect(masker.containsSecret(text)).toBe(true);
    expect(Buffer.from(masker.mask(text), 'base64').toString()).not.toContain('very');
  });

  it('hides the longer of two secrets that begin alike, and each of several', () => {
    const both = new Masker();
    for (const secret of ['secret-one', 'secret-one-and-more', 'secret-two']) both.addSecret(secret);
    expect(both.mask('secret-one-and-more, secret-two, secret-one.')).toBe('[secret], [secret], [secret].');
  });

  it('says where a secret or a signature begins', () => {
    expect(masker.findSecret(`one\n${SECRET}`)).toEqual({ phrase: SECRET, offset: 4 });
    expect(masker.findSecret(SECRET.slice(0, -1))).toBeUndefined();
    expect(masker.findSignature(`sig ${'0123456789abcdef'.repeat(4)}`)?.offset).toBe(4);
    expect(masker.findSignature(SECRET)).toBeUndefined();
  });

  it('leaves the first eight digits of a signature', () => {
    expect(masker.mask(`X-CPG-Signature: ${'0123456789abcdef'.repeat(4)}`)).toBe(
      'X-CPG-Signature: 01234567...[masked]',
    );
  });

  it('masks every text in a record', () => {
    expect(masker.maskAll({ a: [SECRET, 1, null], b: { c: SECRET } })).toEqual({
      a: ['[secret]', 1, null],
      b: { c: '[secret]' },
    });
  });
});
