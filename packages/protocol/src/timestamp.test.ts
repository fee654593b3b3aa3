import { describe, expect, it } from 'vitest';
import { formatTimestamp, isWithinWindow, parseTimestamp, usedUntil } from './timestamp.ts';

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
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
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

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e15])('refuses %d', (seconds) => {
    expect(() => formatTimestamp(seconds)).toThrow(
      `Timestamp must be a whole number of Unix seconds from 0 to 999999999999999: got ${seconds}.`,
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
