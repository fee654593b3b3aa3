import { expect, it } from 'vitest';
import { formatEventTime } from './format-event-time.ts';

it.each([
  ['2025-05-17T01:20:00.000Z', '2025-05-17T01:20:00Z'],
  ['2025-05-17T01:20:00.120Z', '2025-05-17T01:20:00.120000Z'],
])('%s is written %s', (time, expected) => {
  expect(formatEventTime(new Date(time))).toBe(expected);
});
