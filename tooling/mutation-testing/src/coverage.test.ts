import { expect, it } from 'vitest';
import { MUST_SECTIONS, parseSections } from './coverage.ts';

it.each([
  ['§1.1', ['§1.1']],
  ['§2 restriction 5, §4', ['§2 restriction 5', '§4']],
  ['§2.1, §3', ['§2.1', '§3']],
  ['§6.2, §6.6', ['§6.2', '§6.6']],
  ['§2', ['§2']],
  ['nothing', []],
])('%s names %j', (spec, sections) => {
  expect(parseSections(spec)).toEqual(sections);
});

it('lists each section that must be proven once', () => {
  expect(new Set(MUST_SECTIONS).size).toBe(MUST_SECTIONS.length);
  expect(MUST_SECTIONS.flatMap(parseSections)).toEqual(MUST_SECTIONS);
});
