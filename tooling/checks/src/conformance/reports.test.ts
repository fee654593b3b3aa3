import { describe, expect, it } from 'vitest';
import { combineResults, splitArguments } from './reports.ts';

const VECTOR = '{"type":"case","layer":"vectors","verdict":"pass"}';
const SERVER = '{"type":"case","layer":"server","verdict":"fail"}';
const BROKEN = '{"type":"case","layer":"server","verdict":"error"}';
const WITHOUT_PEER = '{"type":"case","layer":"server","verdict":"notapplicable"}';
const unmatched = (entry: string) => `{"type":"expectation","problem":"unmatched","entry":"${entry}"}`;
const file = (...lines: readonly string[]) =>
  ['{"type":"header"}', ...lines, '{"type":"footer"}', ''].join('\n');

describe('combineResults', () => {
  it('leaves results as they are', () => {
    const results = [file(VECTOR, SERVER, WITHOUT_PEER), file(SERVER), file(BROKEN)];
    expect(combineResults(results)).toEqual(results);
  });

  it.each([
    ['nothing', file()],
    ['nothing that applies', file(WITHOUT_PEER)],
  ])('drops a run of which the pattern left %s, unless it left nothing of all', (_what, empty) => {
    expect(combineResults([file(VECTOR), empty])).toEqual([file(VECTOR)]);
    expect(combineResults([empty, file(SERVER)])).toEqual([file(SERVER)]);
    expect(combineResults([empty, file()])).toEqual([empty]);
  });

  it('keeps, once, the known failures that no run had a case for', () => {
    const [gone, sign] = [unmatched('gone'), unmatched('sign-*')];
    const results = [file(VECTOR, SERVER, gone), file(SERVER, sign, gone)];
    expect(combineResults(results)).toEqual([file(VECTOR, SERVER, gone), file(SERVER)]);
  });
});

describe('splitArguments', () => {
  it.each<[given: string, run: string, report: string]>([
    ['', '', ''],
    ['--run server-race-* --html out.html', '--run server-race-*', '--html out.html'],
    ['--junit=a.xml --seed 7 --badge b.json', '--seed 7', '--junit=a.xml --badge b.json'],
    ['--strict --trace --jsonl x', '--strict --trace', '--strict --jsonl x'],
    ['--run html --markdown m.md', '--run html', '--markdown m.md'],
    ['--html', '', '--html'],
  ])('splits "%s"', (given, run, report) => {
    const words = (text: string) => text.split(' ').filter((word) => word !== '');
    expect(splitArguments(words(given))).toEqual({ run: words(run), report: words(report) });
  });
});
