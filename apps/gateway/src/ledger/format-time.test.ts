import { expect, it } from 'vitest';
import { formatOptionalTime, formatTime } from './format-time.ts';

it('writes whole seconds in UTC with +00:00', () => {
  expect(formatTime(new Date(1747444800999))).toBe('2025-05-17T01:20:00+00:00');
  expect(formatOptionalTime(new Date(1747444800000))).toBe('2025-05-17T01:20:00+00:00');
  expect(formatOptionalTime(null)).toBeNull();
});
