import { exitCodeOf } from '../core/exit-code.ts';
import type { CaseRecord, ResultRecord } from '../core/record.ts';
import type { Kind } from './trial.ts';
import type { TrialResult } from './trial-result.ts';

export interface Strength {
  /** What the correct implementations came to. */
  readonly correct: readonly { readonly kind: Kind; readonly records: readonly ResultRecord[] }[];
  readonly results: readonly TrialResult[];
  /** What was wrong with each control; nothing for one that came to what it must. */
  readonly controls: readonly (readonly string[])[];
  /** Every mutant was tried, so that a case which noticed none is idle. */
  readonly isWhole: boolean;
}

const isNoticed = ({ trial, failed }: TrialResult): boolean =>
  failed.length > 0 && trial.killedBy.every((id) => failed.includes(id));

const problemOf = ({ trial, failed }: TrialResult): string => {
  const { kind, id, killedBy } = trial;
  if (failed.length === 0)
    return `SURVIVED    ${kind} ${id}: nothing noticed it, not even ${killedBy.join(', ')}`;
  const silent = killedBy.filter((each) => !failed.includes(each));
  return `ACCIDENTAL  ${kind} ${id}: ${silent.join(', ')} did not notice it; ${failed.slice(0, 4).join(', ')}${failed.length > 4 ? ', …' : ''} did`;
};

const triedCases = ({ correct }: Strength): readonly string[] => [
  ...new Set(
    correct.flatMap(({ records }) =>
      records
        .filter(
          (record): record is CaseRecord => record.type === 'case' && record.verdict !== 'notapplicable',
        )
        .map(({ id }) => id),
    ),
  ),
];

/** Whether the suite is strong, and the report that says so: `N/N caught`, then every survivor, accident and idle case. */
export const renderStrength = (strength: Strength): { readonly text: string; readonly isStrong: boolean } => {
  const { correct, results, controls, isWhole } = strength;
  const lines: string[] = [];
  const unfair = correct.filter(({ records }) => exitCodeOf(records) !== 0);
  for (const { kind } of unfair) lines.push(`UNFAIR      the correct ${kind} does not pass`);
  lines.push(...controls.flat());
  const missed = results.filter((result) => !isNoticed(result));
  lines.push(...missed.map(problemOf));
  const noticing = new Set(results.flatMap(({ failed }) => failed));
  const tried = triedCases(strength);
  const idle = isWhole ? tried.filter((id) => !noticing.has(id)) : [];
  lines.push(...idle.map((id) => `IDLE        ${id} noticed nothing`));
  const areas = [...new Set(results.map(({ trial }) => `${trial.kind}: ${trial.area}`))];
  for (const area of areas) {
    const own = results.filter(({ trial }) => `${trial.kind}: ${trial.area}` === area);
    lines.push(`${area.padEnd(34)} ${own.filter(isNoticed).length}/${own.length}`);
  }
  if (isWhole) lines.push(`${tried.length - idle.length} of ${tried.length} cases notice something`);
  const goodControls = controls.filter((problems) => problems.length === 0).length;
  if (controls.length > 0) lines.push(`controls: ${goodControls}/${controls.length} as they must be`);
  lines.push(`${results.length - missed.length}/${results.length} caught`, '');
  return {
    text: lines.join('\n'),
    isStrong: unfair.length + controls.flat().length + missed.length + idle.length === 0,
  };
};
