import { MUST_SECTIONS, sectionsOf } from './sections.ts';
import type { TrialResult } from './trial-result.ts';

/** A case as far as the proof is concerned. */
export interface PlannedCase {
  readonly id: string;
  readonly spec: string;
}

interface Row {
  readonly section: string;
  readonly cases: number;
  readonly caught: number;
}

const numbersOf = (section: string): readonly number[] => (section.match(/[0-9]+/g) ?? []).map(Number);

const bySection = (left: string, right: string): number => {
  const [a, b] = [numbersOf(left), numbersOf(right)];
  // `§2 restriction 1` goes before `§2.1`.
  const [kindA, kindB] = [left.includes('.') ? 1 : 0, right.includes('.') ? 1 : 0];
  return (a[0] ?? 0) - (b[0] ?? 0) || kindA - kindB || (a[1] ?? -1) - (b[1] ?? -1);
};

/** How many cases each section of the contract has, and how many broken implementations they caught. */
export const sectionMatrix = (
  cases: readonly PlannedCase[],
  results: readonly TrialResult[],
): readonly Row[] => {
  const idsBySection = new Map<string, Set<string>>();
  for (const { id, spec } of cases)
    for (const section of sectionsOf(spec))
      idsBySection.set(section, (idsBySection.get(section) ?? new Set()).add(id));
  return [...idsBySection.entries()]
    .toSorted(([left], [right]) => bySection(left, right))
    .map(([section, ids]) => ({
      section,
      cases: ids.size,
      caught: results.filter(({ failed }) => failed.some((id) => ids.has(id))).length,
    }));
};

/** The sections that say what somebody must do, and that no case proves. */
export const uncovered = (matrix: readonly Row[]): readonly string[] =>
  MUST_SECTIONS.filter((section) => {
    const row = matrix.find((each) => each.section === section);
    return row === undefined || row.cases === 0 || row.caught === 0;
  });
