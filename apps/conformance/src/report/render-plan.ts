import type { PlannedCase, PlannedCases } from '../core/dry-run.ts';

const caseLine = ({ id, applies, lacks }: PlannedCase): string => {
  if (applies === 'yes') return `  ${id}`;
  const needs = lacks.join(', ');
  return applies === 'no' ? `  ${id}  (not applicable, needs: ${needs})` : `  ${id}  (if it can: ${needs})`;
};

const count = (cases: readonly PlannedCase[], applies: PlannedCase['applies']): number =>
  cases.filter((each) => each.applies === applies).length;

const countLine = (cases: readonly PlannedCase[]): string =>
  `planned ${cases.length}, not applicable ${count(cases, 'no')}, known at its start ${count(cases, 'unless')}`;

/** What a run would try, an implementation at a time; the last line counts it. */
export const renderPlan = (planned: readonly PlannedCases[]): string => {
  const lines = planned.flatMap(({ layer, label, cases }) => [
    `${layer} ${label}: ${countLine(cases)}`,
    ...cases.map(caseLine),
    '',
  ]);
  return `${[...lines, countLine(planned.flatMap(({ cases }) => cases))].join('\n')}\n`;
};
