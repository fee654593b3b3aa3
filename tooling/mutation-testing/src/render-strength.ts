import { exitCodeOf } from '@cpg/conformance/src/core/exit-code.ts';
import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { findUntried } from './find-untried.ts';
import { type PlannedCase, sectionMatrix, uncovered } from './section-matrix.ts';
import type { Kind } from './trial.ts';
import type { TrialResult } from './trial-result.ts';

export interface Strength {
  /** What the correct implementations came to. */
  readonly correct: readonly { readonly kind: Kind; readonly records: readonly ResultRecord[] }[];
  readonly results: readonly TrialResult[];
  /** What was wrong with each control; nothing for one that came to what it must. */
  readonly controls: readonly (readonly string[])[];
  /** Every mutant of the kinds was tried, so that a case which noticed none is idle. */
  readonly isWhole: boolean;
  /** Every kind was tried, so that a section of the contract which nobody proves is a gap. */
  readonly isComplete: boolean;
  /** Every case that somebody of these kinds should have tried. */
  readonly planned: readonly PlannedCase[];
  /** Cases that need not be tried, with the reason. */
  readonly untried: Readonly<Record<string, string>>;
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

interface Part {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

const areaPart = ({ results }: Strength): Part => {
  const areas = [...new Set(results.map(({ trial }) => `${trial.kind}: ${trial.area}`))];
  return {
    problems: results.filter((result) => !isNoticed(result)).map(problemOf),
    lines: areas.map((area) => {
      const own = results.filter(({ trial }) => `${trial.kind}: ${trial.area}` === area);
      return `${area.padEnd(34)} ${own.filter(isNoticed).length}/${own.length}`;
    }),
  };
};

const sectionPart = ({ planned, results, isComplete }: Strength): Part => {
  const matrix = sectionMatrix(planned, results);
  return {
    problems: (isComplete ? uncovered(matrix) : []).map(
      (section) =>
        `UNPROVEN    ${section} of the contract: no case, or no mutant that one of its cases caught`,
    ),
    lines: matrix.map(
      ({ section, cases, caught }) => `${section.padEnd(34)} ${cases} cases, ${caught} caught`,
    ),
  };
};

const casePart = (strength: Strength): Part => {
  const tried = triedCases(strength);
  const noticing = new Set(strength.results.flatMap(({ failed }) => failed));
  const idle = tried.filter((id) => !noticing.has(id));
  const planned = strength.planned.map(({ id }) => id);
  const { untried, problems } = findUntried(planned, new Set(tried), strength.untried);
  return {
    problems: [...idle.map((id) => `IDLE        ${id} noticed nothing`), ...problems],
    lines: [
      `${tried.length - idle.length} of ${tried.length} cases notice something`,
      `${untried.length} cases untried`,
      ...untried.map((id) => `  ${id}: ${strength.untried[id] ?? 'no reason is given'}`),
    ],
  };
};

/**
 * Whether the suite is strong, and the report that says so: every problem, what was caught by area and by section of the
 * contract, and last `N/N caught`.
 */
export const renderStrength = (strength: Strength): { readonly text: string; readonly isStrong: boolean } => {
  const { correct, results, controls, isWhole } = strength;
  const unfair = correct
    .filter(({ records }) => exitCodeOf(records) !== 0)
    .map(({ kind }) => `UNFAIR      the correct ${kind} does not pass`);
  const parts = [areaPart(strength), ...(isWhole ? [sectionPart(strength), casePart(strength)] : [])];
  const problems = [...unfair, ...controls.flat(), ...parts.flatMap((part) => part.problems)];
  const goodControls = controls.filter((found) => found.length === 0).length;
  const lines = [
    ...problems,
    ...parts.flatMap((part) => part.lines),
    ...(controls.length > 0 ? [`controls: ${goodControls}/${controls.length} as they must be`] : []),
    `${results.filter(isNoticed).length}/${results.length} caught`,
    '',
  ];
  return { text: lines.join('\n'), isStrong: problems.length === 0 };
};
