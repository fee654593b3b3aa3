import { expect, it } from 'vitest';
import { findClockFault } from './clock-finding.ts';

it.each([
  ['1747444800', 1747444800, []],
  ['1747444800', 1747445100, []],
  ['1747444800', 1747445101, ['timestamp_stale']],
  ['1747444800', 1747444499, ['timestamp_stale']],
  ['1747444800999', 1747444800, ['timestamp_in_milliseconds']],
  ['1747444800999', 1747449999, ['timestamp_stale']],
  ['01747444800', 1747444800, ['timestamp_malformed']],
  ['', 1747444800, ['timestamp_malformed']],
])('%s, with the clock at %d: %j', (timestamp, now, codes) => {
  expect(findClockFault(timestamp, now).map(({ code }) => code)).toEqual(codes);
});

it('tells how far away the timestamp is, and on which side', () => {
  expect(findClockFault('1747444800', 1747445200)[0]?.message).toContain('400 seconds behind the server');
  expect(findClockFault('1747444800', 1747444400)[0]?.message).toContain('400 seconds ahead of the server');
});
