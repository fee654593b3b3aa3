import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTimestamp, formatTimestamp, isWithinWindow, parseTimestamp, usedUntil } from './timestamp.ts';

describe('parseTimestamp', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['1747444800', 1747444800],
    ['999999999999999', 999999999999999],
  ])('reads %s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  it.each([
    '',
    '00',
    '01',
    '+1',
    '-1',
    ' 1',
    '1 ',
    '1.0',
    '1e9',
    '0x1',
    '1_000',
    '١',
    '1\n',
    '1000000000000000',
    'NaN',
    '1700000000junk',
    1747444800,
    undefined,
  ])('rejects %j', (text) => {
    expect(parseTimestamp(text as string)).toBeUndefined();
  });
});

describe('formatTimestamp', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1747444800, '1747444800'],
    [999999999999999, '999999999999999'],
  ])('writes %d', (seconds, expected) => {
    expect(formatTimestamp(seconds)).toBe(expected);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e15])('rejects %d', (seconds) => {
    expect(() => formatTimestamp(seconds)).toThrow(
      `Timestamp must be a whole number of Unix seconds from 0 to 999999999999999: got ${seconds}.`,
    );
  });
});

describe('parseTimestamp and formatTimestamp', () => {
  it('agree on every timestamp', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (seconds) => {
        expect(parseTimestamp(formatTimestamp(seconds))).toBe(seconds);
      }),
    );
  });

  it('agree on every text: parsing and formatting are inverse', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789+-. e'), maxLength: 17 });
    fc.assert(
      fc.property(text, (given) => {
        const seconds = parseTimestamp(given);
        expect(seconds === undefined ? given : formatTimestamp(seconds)).toBe(given);
        expect(seconds === undefined).toBe(!/^(0|[1-9]\d{0,14})$/.test(given));
      }),
    );
  });
});

describe('isWithinWindow', () => {
  it.each([
    [-301, false],
    [-300, true],
    [0, true],
    [300, true],
    [301, false],
  ])('%d seconds from the clock: %s', (distance, expected) => {
    expect(isWithinWindow(1747444800 + distance, 1747444800)).toBe(expected);
  });
});

describe('usedUntil', () => {
  it('is 300 seconds after the timestamp', () => {
    expect(usedUntil(1747444800)).toBe(1747445100);
  });
});

describe('checkTimestamp', () => {
  it.each([
    ['0', 300],
    ['300', 0],
    ['1747444800', 1747444800],
  ])('reads %s at %d', (text, now) => {
    expect(checkTimestamp(text, now)).toBe(Number(text));
  });

  it.each([
    ['0', 301],
    ['301', 0],
    ['1747444800000', 1747444800],
    ['1e9', 1_000_000_000],
    ['', 0],
  ])('rejects %j at %d', (text, now) => {
    expect(checkTimestamp(text, now)).toMatchObject({ code: 'timestamp_outside_window' });
  });
});
