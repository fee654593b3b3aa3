import { describe, expect, it } from 'vitest';
import type { CaseRecord, ResultRecord, Verdict } from '../core/record.ts';
import { createFooter } from '../core/tally.ts';
import { renderBadge } from './badge.ts';

const createRun = (
  planned: number,
  verdicts: readonly Verdict[],
  filter?: string,
): readonly ResultRecord[] => [
  {
    type: 'header',
    suite: 'cpg-conformance',
    format: 1,
    suiteVersion: '1.0.0',
    startedAt: '',
    seed: '',
    ...(filter === undefined ? {} : { filter }),
  },
  { type: 'implementation', implementation: 'it', layer: 'vectors', notes: [], planned },
  ...verdicts.map(
    (verdict, index) =>
      ({ type: 'case', implementation: 'it', layer: 'vectors', id: `c${index}`, verdict }) as CaseRecord,
  ),
];

const finish = (records: readonly ResultRecord[]) => [...records, createFooter(records, 1)];

describe('renderBadge', () => {
  it.each<[message: string, color: string, planned: number, verdicts: readonly Verdict[]]>([
    ['2/2', 'brightgreen', 2, ['pass', 'pass']],
    ['1/2, 1 n/a', 'green', 2, ['pass', 'notapplicable']],
    ['1/2', 'green', 2, ['pass', 'xfail']],
    ['1/2', 'green', 2, ['pass', 'warn']],
    ['1/2', 'red', 2, ['pass', 'fail']],
    ['1/3, 1 n/a', 'red', 3, ['pass', 'xpass', 'notapplicable']],
    ['1/3', 'red', 3, ['pass', 'fail', 'error']],
    ['incomplete', 'lightgrey', 2, ['pass', 'error']],
    ['incomplete', 'lightgrey', 3, ['pass', 'pass']],
    ['incomplete', 'lightgrey', 1, ['notapplicable']],
  ])('says %s in %s for %i planned: %j', (message, color, planned, verdicts) => {
    expect(JSON.parse(renderBadge(finish(createRun(planned, verdicts))) ?? '')).toEqual({
      schemaVersion: 1,
      label: 'CPG conformance',
      message,
      color,
    });
  });

  it.each<[name: string, records: readonly ResultRecord[]]>([
    ['without a footer', createRun(1, ['pass'])],
    ['empty', []],
  ])('is grey for a run that is %s', (_name, run) => {
    expect(renderBadge(run)).toContain('"message":"incomplete","color":"lightgrey"');
  });

  it('is not made for a run that is filtered', () => {
    expect(renderBadge(finish(createRun(1, ['pass'], 'sign-*')))).toBeUndefined();
  });
});
