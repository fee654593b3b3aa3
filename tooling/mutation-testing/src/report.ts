import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { getExitCode } from '@cpg/conformance/src/core/tally.ts';
import { findUncovered, findUntried, type PlannedCase, sectionMatrix } from './coverage.ts';
import type { Kind, TrialResult } from './trial.ts';

/** Everything that one run found. */
export interface MutationRun {
  /** The results of the correct implementations. */
  readonly correct: readonly { readonly kind: Kind; readonly records: readonly ResultRecord[] }[];
  readonly results: readonly TrialResult[];
  /** The problems of each control. */
  readonly controls: readonly (readonly string[])[];
  /** Every mutant of the kinds was tried, so a case that killed none is idle. */
  readonly isWhole: boolean;
  /** Every kind was tried, so a section of the wire protocol that no case covers is a gap. */
  readonly isComplete: boolean;
  /** Every case that applies to these kinds. */
  readonly planned: readonly PlannedCase[];
  /** Cases that need not be tried, with the reason. */
  readonly untried: Readonly<Record<string, string>>;
}

const isKilled = ({ trial, failed }: TrialResult): boolean =>
  failed.length > 0 && trial.killedBy.every((id) => failed.includes(id));

const formatProblem = ({ trial, failed }: TrialResult): string => {
  const { kind, id, killedBy } = trial;
  if (failed.length === 0)
    return `SURVIVED    ${kind} ${id}: no case failed, not even ${killedBy.join(', ')}`;
  const passed = killedBy.filter((each) => !failed.includes(each));
  return `ACCIDENTAL  ${kind} ${id}: ${passed.join(', ')} did not fail, but ${failed.slice(0, 4).join(', ')}${failed.length > 4 ? ', …' : ''}`;
};

/** The cases of a run that applied. */
export const triedIn = (records: readonly ResultRecord[]): readonly string[] =>
  records
    .filter((record): record is CaseRecord => record.type === 'case' && record.verdict !== 'notapplicable')
    .map(({ id }) => id);

const triedCases = ({ correct }: MutationRun): readonly string[] => [
  ...new Set(correct.flatMap(({ records }) => triedIn(records))),
];

interface Part {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

const areaPart = ({ results }: MutationRun): Part => {
  const areas = [...new Set(results.map(({ trial }) => `${trial.kind}: ${trial.area}`))];
  return {
    problems: results.filter((result) => !isKilled(result)).map(formatProblem),
    lines: areas.map((area) => {
      const own = results.filter(({ trial }) => `${trial.kind}: ${trial.area}` === area);
      return `${area.padEnd(34)} ${own.filter(isKilled).length}/${own.length}`;
    }),
  };
};

const sectionPart = ({ planned, results, isComplete }: MutationRun): Part => {
  const matrix = sectionMatrix(planned, results);
  return {
    problems: (isComplete ? findUncovered(matrix) : []).map(
      (section) => `UNCOVERED   wire protocol ${section}: no case, or no mutant that one of its cases killed`,
    ),
    lines: matrix.map(
      ({ section, cases, killed }) => `${section.padEnd(34)} ${cases} cases, ${killed} mutants killed`,
    ),
  };
};

const casePart = (mutationRun: MutationRun): Part => {
  const tried = triedCases(mutationRun);
  const killing = new Set(mutationRun.results.flatMap(({ failed }) => failed));
  const idle = tried.filter((id) => !killing.has(id));
  const planned = mutationRun.planned.map(({ id }) => id);
  const { untried, problems } = findUntried(planned, new Set(tried), mutationRun.untried);
  return {
    problems: [...idle.map((id) => `IDLE        ${id} killed no mutant`), ...problems],
    lines: [
      `${tried.length - idle.length} of ${tried.length} cases kill a mutant`,
      `${untried.length} cases untried`,
      ...untried.map((id) => `  ${id}: ${mutationRun.untried[id] ?? 'no reason is given'}`),
    ],
  };
};

/**
 * Whether the suite passed, and the report: every problem, what was killed by area and by section of the wire
 * protocol, and last `N/N killed`.
 */
export const formatReport = (
  mutationRun: MutationRun,
): { readonly text: string; readonly isPassed: boolean } => {
  const { correct, results, controls, isWhole } = mutationRun;
  const unfair = correct
    .filter(({ records }) => getExitCode(records) !== 0)
    .map(({ kind }) => `UNFAIR      the correct ${kind} does not pass`);
  const parts = [
    areaPart(mutationRun),
    ...(isWhole ? [sectionPart(mutationRun), casePart(mutationRun)] : []),
  ];
  const problems = [...unfair, ...controls.flat(), ...parts.flatMap((part) => part.problems)];
  const goodControls = controls.filter((found) => found.length === 0).length;
  const lines = [
    ...problems,
    ...parts.flatMap((part) => part.lines),
    ...(controls.length > 0 ? [`controls: ${goodControls}/${controls.length} passed`] : []),
    ...(results.length > 0 ? [`${results.filter(isKilled).length}/${results.length} killed`] : []),
    '',
  ];
  return { text: lines.join('\n'), isPassed: problems.length === 0 };
};
