import { expect, it } from 'vitest';
import { formatEventTime, formatOptionalTime, formatTime } from './time.ts';

it('formats whole seconds in UTC with +00:00', () => {
  expect(formatTime(new Date(1747444800999))).toBe('2025-05-17T01:20:00+00:00');
  expect(formatOptionalTime(new Date(1747444800000))).toBe('2025-05-17T01:20:00+00:00');
  expect(formatOptionalTime(null)).toBeNull();
});

it.each([
  ['2025-05-17T01:20:00.000Z', '2025-05-17T01:20:00Z'],
  ['2025-05-17T01:20:00.120Z', '2025-05-17T01:20:00.120000Z'],
])('%s is formatted as %s', (time, expected) => {
  expect(formatEventTime(new Date(time))).toBe(expected);
});
