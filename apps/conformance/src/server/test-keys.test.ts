import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { getSecrets, parseTestKeys } from './test-keys.ts';

const DEMO = readFileSync(new URL('../../demo-keys.json', import.meta.url), 'utf8');
const demo = (): Record<string, unknown> => JSON.parse(DEMO) as Record<string, unknown>;

const OPTIONAL = ['ipEdges', 'only', 'odd', 'withdrawal'];

describe('parseTestKeys', () => {
  it('reads the demo keys', () => {
    const keys = parseTestKeys(DEMO);
    expect(keys.slowA.rateLimitPerMinute).toBe(5);
    expect(Object.keys(keys.only ?? {})).toHaveLength(8);
    expect(keys.withdrawal?.amount).toMatch(/\.\d{18}$/);
  });

  it.each(OPTIONAL)('does not need %s', (name) => {
    expect(parseTestKeys(JSON.stringify({ ...demo(), [name]: undefined }))).not.toHaveProperty(name);
  });

  it.each(Object.keys(demo()).filter((name) => !OPTIONAL.includes(name)))('needs %s', (name) => {
    expect(() => parseTestKeys(JSON.stringify({ ...demo(), [name]: undefined }))).toThrow(
      `role ${name} is missing`,
    );
  });

  it.each<[name: string, value: unknown, message: string]>([
    ['only', { withdraw: { keyId: 'a', secret: 'b' } }, 'field only.read_balance is missing'],
    [
      'withdrawal',
      { currency: 'ETH', network: 'ETH', to_address: '0x1234567890' },
      'field withdrawal.amount is missing',
    ],
    [
      'withdrawal',
      { currency: 'ETH', network: 'ETH', to_address: '0x1234567890', amount: '1e2' },
      'withdrawal.amount: must be a decimal string',
    ],
    [
      'odd',
      { hex: { keyId: 'a', secret: 'no hex digits' } },
      'odd.hex.secret: must be a secret of hex digits',
    ],
    ['odd', { emoji: { keyId: 'a', secret: 'b' } }, 'field odd.emoji is unknown'],
    ['fulll', { keyId: 'a', secret: 'b' }, 'role fulll is unknown: did you mean full?'],
    ['readOnly', { keyId: 'a', secret: 'b' }, 'role readOnly is unknown: did you mean readonly?'],
    ['administrator', {}, 'role administrator is unknown: there are full, readonly, noperm, '],
    ['full', { keyId: 'a', secret: 'b', pin: 1 }, 'field full.pin is unknown'],
    ['full', { keyId: 'a' }, 'field full.secret is missing'],
    ['full', 'a', 'full: Invalid input: expected object, received string'],
  ])('names the problem of %s: %j', (name, value, message) => {
    expect(() => parseTestKeys(JSON.stringify({ ...demo(), [name]: value }))).toThrow(message);
  });

  it('never shows a secret', () => {
    const full = { keyId: 7, secret: 'cpg-a-secret-that-must-stay-one' };
    expect(() => parseTestKeys(JSON.stringify({ ...demo(), full }))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('stay-one') }),
    );
  });
});

it('getSecrets returns every secret of the file', () => {
  const inFile = [...DEMO.matchAll(/"secret": "([^"]+)"/g)].map(([, secret]) => secret);
  expect(inFile.length).toBe(22);
  expect(new Set(getSecrets(parseTestKeys(DEMO)))).toEqual(new Set(inFile));
});
