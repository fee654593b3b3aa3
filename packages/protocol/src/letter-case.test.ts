import { describe, expect, it } from 'vitest';
import { upperCaseAscii } from './letter-case.ts';

describe('upperCaseAscii', () => {
  it.each([
    ['usdt', 'USDT'],
    ['UsdT-2', 'USDT-2'],
    ['USDT', 'USDT'],
    ['', ''],
    // toUpperCase() makes USDT, FI, I and SS of these.
    ['U\u017fDT', 'U\u017fDT'],
    ['\ufb01', '\ufb01'],
    ['\u0131', '\u0131'],
    ['\u00df', '\u00df'],
    ['é', 'é'],
  ])('of %s is %s', (text, expected) => {
    expect(upperCaseAscii(text)).toBe(expected);
  });

  it('throws for anything but a string', () => {
    expect(() => upperCaseAscii(1 as never)).toThrow('text must be a string: got number.');
  });
});
