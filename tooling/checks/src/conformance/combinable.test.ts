import { expect, it } from 'vitest';
import { combinable } from './combinable.ts';

const VECTOR = '{"type":"case","layer":"vectors","verdict":"pass"}';
const SERVER = '{"type":"case","layer":"server","verdict":"fail"}';
const BROKEN = '{"type":"case","layer":"server","verdict":"error"}';
const WITHOUT_PEER = '{"type":"case","layer":"server","verdict":"notapplicable"}';
const unmatched = (entry: string) => `{"type":"expectation","problem":"unmatched","entry":"${entry}"}`;
const file = (...lines: readonly string[]) =>
  ['{"type":"header"}', ...lines, '{"type":"footer"}', ''].join('\n');

it('leaves results as they are', () => {
  const results = [file(VECTOR, SERVER, WITHOUT_PEER), file(SERVER), file(BROKEN)];
  expect(combinable(results)).toEqual(results);
});

it.each([
  ['nothing', file()],
  ['nothing that applies', file(WITHOUT_PEER)],
])('drops a run of which the pattern left %s, unless it left nothing of all', (_what, empty) => {
  expect(combinable([file(VECTOR), empty])).toEqual([file(VECTOR)]);
  expect(combinable([empty, file(SERVER)])).toEqual([file(SERVER)]);
  expect(combinable([empty, file()])).toEqual([empty]);
});

it('keeps, once, the known failures that no run had a case for', () => {
  const [gone, sign] = [unmatched('gone'), unmatched('sign-*')];
  const results = [file(VECTOR, SERVER, gone), file(SERVER, sign, gone)];
  expect(combinable(results)).toEqual([file(VECTOR, SERVER, gone), file(SERVER)]);
});
