import { expect, it } from 'vitest';
import { clockNote } from './preflight.ts';

it.each([
  [-400, 'clock 400 s behind'],
  [0, 'clock agrees'],
  [7, 'clock 7 s ahead'],
])('an offset of %i s is: %s', (offset, note) => {
  expect(clockNote(offset)).toBe(note);
});
