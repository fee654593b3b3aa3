import type { TrialResult } from './trial.ts';

/**
 * The sections of the wire protocol with a requirement: each needs a case, and a mutant that one of its cases
 * kills.
 */
export const MUST_SECTIONS: readonly string[] = [
  '§1.1',
  '§1.2',
  ...[1, 2, 3, 4, 5].map((restriction) => `§2 restriction ${restriction}`),
  '§2.1',
  '§3',
  '§4',
  '§4.1',
  '§4.2',
  '§4.3',
  '§4.4',
  '§4.5',
  '§4.6',
  '§5',
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((rule) => `§6.${rule}`),
];

/** The sections that a case names in its `spec`, e.g. `§2 restriction 5, §4`. */
export const parseSections = (spec: string): readonly string[] =>
  spec.match(/§[0-9]+(?:\.[0-9]+)?(?: restriction [0-9])?/g) ?? [];

/** A case of the suite, as its catalogue lists it. */
export interface PlannedCase {
  readonly id: string;
  readonly spec: string;
}

interface Row {
  readonly section: string;
  readonly cases: number;
  readonly killed: number;
}

const parseNumbers = (section: string): readonly number[] => (section.match(/[0-9]+/g) ?? []).map(Number);

const bySection = (left: string, right: string): number => {
  const [a, b] = [parseNumbers(left), parseNumbers(right)];
  // `§2 restriction 1` comes before `§2.1`.
  const [kindA, kindB] = [left.includes('.') ? 1 : 0, right.includes('.') ? 1 : 0];
  return (a[0] ?? 0) - (b[0] ?? 0) || kindA - kindB || (a[1] ?? -1) - (b[1] ?? -1);
};

/** How many cases each section of the wire protocol has, and how many mutants they killed. */
export const sectionMatrix = (
  cases: readonly PlannedCase[],
  results: readonly TrialResult[],
): readonly Row[] => {
  const idsBySection = new Map<string, Set<string>>();
  for (const { id, spec } of cases)
    for (const section of parseSections(spec))
      idsBySection.set(section, (idsBySection.get(section) ?? new Set()).add(id));
  return [...idsBySection.entries()]
    .toSorted(([left], [right]) => bySection(left, right))
    .map(([section, ids]) => ({
      section,
      cases: ids.size,
      killed: results.filter(({ failed }) => failed.some((id) => ids.has(id))).length,
    }));
};

/** The sections with a requirement that no case covers. */
export const findUncovered = (matrix: readonly Row[]): readonly string[] =>
  MUST_SECTIONS.filter((section) => {
    const row = matrix.find((each) => each.section === section);
    return row === undefined || row.cases === 0 || row.killed === 0;
  });

/**
 * Cases that the reference implementations do not try, with the reason. An entry whose case is tried is
 * stale.
 */
export const UNTRIED: Readonly<Record<string, string>> = {};

/**
 * The cases that were not tried, and the problems: one without a reason, and a reason for a case that was
 * tried.
 */
export const findUntried = (
  planned: readonly string[],
  tried: ReadonlySet<string>,
  reasons: Readonly<Record<string, string>>,
): { readonly untried: readonly string[]; readonly problems: readonly string[] } => {
  const untried = planned.filter((id) => !tried.has(id));
  const unexplained = untried
    .filter((id) => !Object.hasOwn(reasons, id))
    .map((id) => `UNTRIED     ${id}: no reference implementation tried it, and no reason is listed`);
  const stale = planned
    .filter((id) => Object.hasOwn(reasons, id) && tried.has(id))
    .map((id) => `STALE       ${id} is listed as untried, but was tried`);
  return { untried, problems: [...unexplained, ...stale] };
};
