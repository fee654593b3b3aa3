import type { ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { createFooter } from '@cpg/conformance/src/core/tally.ts';
import { describe, expect, it } from 'vitest';
import { formatReport, type MutationRun } from './report.ts';

const body: readonly ResultRecord[] = [
  { type: 'implementation', implementation: 'it', layer: 'server', notes: [], planned: 2 },
  ...(['server-a', 'server-b'] as const).map(
    (id) =>
      ({
        type: 'case',
        implementation: 'it',
        layer: 'server',
        id,
        group: 'g',
        description: 'd',
        spec: '§1.1',
        verdict: 'pass',
        durationMs: 1,
      }) as const,
  ),
];

const trial = (id: string, killedBy: readonly string[], failed: readonly string[]) => ({
  trial: { kind: 'server' as const, id, area: 'rate', killedBy },
  failed,
});

const passing: MutationRun = {
  correct: [{ kind: 'server', records: [...body, createFooter(body, 1)] }],
  results: [trial('one', ['server-a'], ['server-a']), trial('two', ['server-b'], ['server-a', 'server-b'])],
  controls: [[]],
  isWhole: true,
  isComplete: false,
  planned: [
    { id: 'server-a', spec: '§1.1' },
    { id: 'server-b', spec: '§2 restriction 3, §2.1' },
    { id: 'server-c', spec: '§2.1' },
  ],
  untried: { 'server-c': 'takes a year' },
};

describe('formatReport', () => {
  it('counts the mutants that were killed', () => {
    const { text, isPassed } = formatReport(passing);
    expect(text).toMatch(
      /2 of 2 cases kill a mutant\n1 cases untried\n {2}server-c: takes a year\ncontrols: 1\/1 passed\n2\/2 killed\n$/,
    );
    expect(isPassed).toBe(true);
  });

  it('counts cases, and the mutants that they killed, by section of the wire protocol', () => {
    const { text } = formatReport(passing);
    expect(text.split('\n').filter((line) => line.startsWith('§'))).toEqual([
      '§1.1                               1 cases, 2 mutants killed',
      '§2 restriction 3                   1 cases, 1 mutants killed',
      '§2.1                               2 cases, 1 mutants killed',
    ]);
  });

  it.each<[name: string, change: Partial<MutationRun>, text: string]>([
    [
      'a survivor',
      { results: [...passing.results, trial('three', ['server-a'], [])] },
      'SURVIVED    server three',
    ],
    [
      'an accidental kill',
      { results: [...passing.results, trial('three', ['server-a'], ['server-b'])] },
      'ACCIDENTAL  server three: server-a did not fail, but server-b',
    ],
    ['an idle case', { results: passing.results.slice(0, 1) }, 'IDLE        server-b killed no mutant'],
    [
      'a correct implementation that fails',
      { correct: [{ kind: 'server', records: body }] },
      'UNFAIR      the correct server',
    ],
    [
      'a section of the wire protocol that no case covers',
      { isComplete: true },
      'UNCOVERED   wire protocol §6.8: no case',
    ],
    [
      'a case that was not tried',
      { untried: {} },
      'UNTRIED     server-c: no reference implementation tried it, and no reason is listed',
    ],
    [
      'a reason for a case that was tried',
      { untried: { ...passing.untried, 'server-a': 'no time' } },
      'STALE       server-a is listed as untried, but was tried',
    ],
    [
      'a control that passes',
      { controls: [['CONTROL     server inert: exit code 0']] },
      'CONTROL     server inert',
    ],
  ])('does not pass with %s', (_name, change, expected) => {
    const { text, isPassed } = formatReport({ ...passing, ...change });
    expect(text).toContain(expected);
    expect(isPassed).toBe(false);
  });
});
