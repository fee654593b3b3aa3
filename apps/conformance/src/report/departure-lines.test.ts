import { describe, expect, it } from 'vitest';
import type { CaseRecord, ResultRecord } from '../core/record.ts';
import { footerOf } from '../core/tally.ts';
import { departureLines } from './departure-lines.ts';
import { renderTerminal } from './terminal.ts';

const error = (id: string, reason: string): CaseRecord => ({
  type: 'case',
  implementation: 'it',
  layer: 'client',
  id,
  group: 'g',
  description: 'about',
  spec: '§1',
  verdict: 'error',
  durationMs: 1,
  reason,
});

const header = (filter?: string): ResultRecord => ({
  type: 'header',
  suite: 'cpg-conformance',
  format: 1,
  suiteVersion: '1.0.0',
  startedAt: '',
  seed: '',
  ...(filter === undefined ? {} : { filter }),
});

const finish = (...records: readonly ResultRecord[]): string =>
  renderTerminal([...records, footerOf(records, 1)]);

describe('departureLines', () => {
  it('says one reason of many cases once', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    expect(departureLines(ids.map((id) => error(id, 'could not start: gone')))).toEqual([
      '',
      '  ! 5 cases without a verdict  (it, client)',
      '    error: could not start: gone',
      '    a, b, c, …',
    ]);
  });

  it('shows a reason of its own with its case', () => {
    expect(departureLines([error('a', 'gone'), error('b', 'late')])).toEqual([
      '',
      '  ! a  (it, client, contract §1)',
      '    about',
      '    error: gone',
      '',
      '  ! b  (it, client, contract §1)',
      '    about',
      '    error: late',
    ]);
  });
});

describe('a run that tried nothing', () => {
  it.each<[name: string, records: readonly ResultRecord[], text: string]>([
    ['a pattern that fits nothing', [header('x-*')], 'NOTHING TRIED: no id fits --run x-*.'],
    ['no case at all', [header()], 'NOTHING TRIED: no case was planned.'],
    [
      'nothing that applies',
      [
        header(),
        { type: 'implementation', implementation: 'it', layer: 'client', notes: [], planned: 1 },
        { ...error('a', 'needs: call'), verdict: 'notapplicable' },
      ],
      'NOTHING TRIED: no planned case is applicable.',
    ],
  ])('says so: %s', (_name, records, text) => {
    expect(finish(...records)).toContain(text);
  });
});
