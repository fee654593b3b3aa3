import type { ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { footerOf } from '@cpg/conformance/src/core/tally.ts';
import { describe, expect, it } from 'vitest';
import { renderStrength, type Strength } from './render-strength.ts';

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

const strong: Strength = {
  correct: [{ kind: 'server', records: [...body, footerOf(body, 1)] }],
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

describe('renderStrength', () => {
  it('counts what was caught', () => {
    const { text, isStrong } = renderStrength(strong);
    expect(text).toMatch(
      /2 of 2 cases notice something\n1 cases untried\n {2}server-c: takes a year\ncontrols: 1\/1 as they must be\n2\/2 caught\n$/,
    );
    expect(isStrong).toBe(true);
  });

  it('counts cases, and the mutants that they caught, by section of the contract', () => {
    const { text } = renderStrength(strong);
    expect(text.split('\n').filter((line) => line.startsWith('§'))).toEqual([
      '§1.1                               1 cases, 2 caught',
      '§2 restriction 3                   1 cases, 1 caught',
      '§2.1                               2 cases, 1 caught',
    ]);
  });

  it.each<[name: string, change: Partial<Strength>, text: string]>([
    [
      'a survivor',
      { results: [...strong.results, trial('three', ['server-a'], [])] },
      'SURVIVED    server three',
    ],
    [
      'an accidental kill',
      { results: [...strong.results, trial('three', ['server-a'], ['server-b'])] },
      'ACCIDENTAL  server three: server-a did not notice it; server-b did',
    ],
    ['an idle case', { results: strong.results.slice(0, 1) }, 'IDLE        server-b noticed nothing'],
    [
      'a correct implementation that fails',
      { correct: [{ kind: 'server', records: body }] },
      'UNFAIR      the correct server',
    ],
    [
      'a section of the contract that nobody proves',
      { isComplete: true },
      'UNPROVEN    §6.8 of the contract: no case',
    ],
    [
      'a case that nobody could try',
      { untried: {} },
      'UNTRIED     server-c: no correct implementation was given the means to try it',
    ],
    [
      'a reason for a case that was tried',
      { untried: { ...strong.untried, 'server-a': 'no time' } },
      'STALE       server-a is listed as untried, but was tried',
    ],
    [
      'a control that passes',
      { controls: [['CONTROL     server inert: exit code 0']] },
      'CONTROL     server inert',
    ],
  ])('is not strong with %s', (_name, change, expected) => {
    const { text, isStrong } = renderStrength({ ...strong, ...change });
    expect(text).toContain(expected);
    expect(isStrong).toBe(false);
  });
});
