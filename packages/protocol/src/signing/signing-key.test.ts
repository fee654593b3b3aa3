import { createSecretKey } from 'node:crypto';
import { format, inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { sign } from './signature.ts';
import { createSigningKey, getHmacKey } from './signing-key.ts';

const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';

describe('createSigningKey', () => {
  // The secret's own UTF-8 bytes, whatever it looks like.
  it.each([
    ['hex', '6b6579', '366236353739'],
    ['base64', 'a2V5', '61325635'],
    ['spaces and a newline', ' key\n', '206b65790a'],
    ['UTF-8', 'é€', 'c3a9e282ac'],
  ])('keeps a secret that looks like %s', (_, secret, hex) => {
    expect(getHmacKey(createSigningKey(secret)).export().toString('hex')).toBe(hex);
  });

  it.each([
    ['', 'Secret must be a non-empty string: got an empty one. Is its environment variable set?'],
    [undefined, 'Secret must be a non-empty string: got undefined. Is its environment variable set?'],
    [Buffer.from('key'), 'Secret must be a non-empty string: got object. Is its environment variable set?'],
    ['\ud800', 'Secret must be well-formed Unicode: it contains a lone surrogate.'],
  ])('rejects %o', (secret, message) => {
    expect(() => createSigningKey(secret as string)).toThrow(
      expect.objectContaining({ code: 'invalid_secret', message }),
    );
  });

  it('does not name a secret that it rejects', () => {
    expect(() => createSigningKey(`${SECRET}\ud800`)).not.toThrow(SECRET);
  });
});

describe('SigningKey', () => {
  const key = createSigningKey(SECRET);

  it.each([
    ['String', String(key)],
    ['template', `${key}`],
    ['JSON.stringify', JSON.stringify({ key })],
    ['inspect', inspect({ key }, { showHidden: true, depth: null })],
    ['inspect without customInspect', inspect(key, { showHidden: true, depth: null, customInspect: false })],
    ['format', format('%s %o %O %j', key, key, key, key)],
    ['structuredClone', inspect(structuredClone(key), { showHidden: true, depth: null })],
    ['spread', inspect({ ...key }, { showHidden: true, depth: null })],
    ['own keys', Object.keys(key).join()],
  ])('shows no secret through %s', (_, printed) => {
    expect(printed).not.toContain('DO-NOT-USE');
    expect(printed).not.toContain(Buffer.from(SECRET).toString('hex'));
  });

  it('prints as [SigningKey]', () => {
    expect([String(key), JSON.stringify(key), inspect(key)]).toEqual([
      '[SigningKey]',
      '"[SigningKey]"',
      '[SigningKey]',
    ]);
  });

  it('is frozen', () => {
    expect(key).toSatisfy(Object.isFrozen);
  });

  it('is understood by another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('./signature.ts');
    expect(copy.sign).not.toBe(sign);
    expect(copy.sign(key, 'x')).toBe(sign(key, 'x'));
  });

  it.each([
    [SECRET, 'string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, 'object'],
    [createSecretKey(Buffer.from('key')), 'object'],
    [{ [Symbol.for('cpg.protocol.signing-key')]: SECRET }, 'object'],
  ])('cannot be replaced by anything else (%#)', (value, got) => {
    expect(() => sign(value as never, 'x')).toThrow(
      expect.objectContaining({
        code: 'invalid_secret',
        message: `Key must come from createSigningKey(secret): got ${got}.`,
      }),
    );
  });
});
