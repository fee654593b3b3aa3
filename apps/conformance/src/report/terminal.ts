import type { PlannedCase, PlannedCases } from '../core/dry-run.ts';
import type { ResultRecord } from '../core/record.ts';
import { type Tally, tally, unjudgedLayers, untriedImplementations } from '../core/tally.ts';
import { failureLines, groupBy, someIds } from './failure-lines.ts';
import { outline, type Section } from './outline.ts';
import { visible } from './visible.ts';

const countLine = ({ planned, seen, counts }: Tally): string => {
  const shown = [`planned ${planned}`, `pass ${counts.pass}`, `fail ${counts.fail}`];
  const { warn, xfail, xpass, error, notapplicable } = counts;
  for (const [name, count] of Object.entries({ warn, xfail, xpass, error }))
    if (count > 0) shown.push(`${name} ${count}`);
  shown.push(`n/a ${notapplicable}`);
  if (seen !== planned) shown.push(`MISSING ${planned - seen}`);
  return shown.join(' ');
};

const layerLine = ({ about, cases }: Section): string => {
  const { implementation, layer, language, version, notes } = about;
  const details = [language, version, ...notes].filter((part) => part !== undefined).join(', ');
  return `${layer.padEnd(8)} ${implementation}${details === '' ? '' : ` (${details})`}: ${countLine(tally([about, ...cases]))}`;
};

const notApplicableLines = (records: readonly ResultRecord[]): readonly string[] => {
  const cases = records
    .filter((record) => record.type === 'case')
    .filter(({ verdict }) => verdict === 'notapplicable');
  const reasons = groupBy(cases, ({ implementation, reason = '' }) => `${implementation}: ${reason}`);
  return [...reasons].map(
    ([reason, group]) => `  not applicable ×${group.length} (${reason}): ${someIds(group)}`,
  );
};

/** The seed of each run, with which it can be repeated. */
const seedLines = (records: readonly ResultRecord[]): readonly string[] =>
  records
    .filter((record) => record.type === 'header')
    .map(({ seed, startedAt }) => `  seed ${seed} (run of ${startedAt})`);

/** Lines for what was not tried, and why. */
const formatNothingTried = (records: readonly ResultRecord[], { planned }: Tally): readonly string[] => {
  const header = records.find((record) => record.type === 'header');
  if (planned === 0)
    return header?.filter === undefined
      ? ['NOTHING TRIED: no case was planned.']
      : [
          `NOTHING TRIED: no case of this command matches --run ${header.filter}. \`cpg-conformance list\` shows every id.`,
        ];
  const layers = unjudgedLayers(records).map(
    ({ layer, implementation }) => `NO VERDICT ON ${layer}: no case of it was judged on ${implementation}.`,
  );
  const untried = untriedImplementations(records).map((name) => `NOTHING TRIED of ${name}.`);
  return [...layers, ...untried];
};

const times = (count: number, text: string): readonly string[] => (count === 0 ? [] : [`${count} ${text}`]);

/** Splits the failed count of the last line, where not all of it is failures. */
const failedLine = ({ counts, planned, seen, unmatchedExpectations }: Tally): readonly string[] => {
  const others = [
    ...times(counts.error + planned - seen, 'without a verdict'),
    ...times(unmatchedExpectations, 'known failures that match no case'),
  ];
  if (others.length === 0) return [];
  return [`${[`${counts.fail + counts.xpass} failed`, ...others].join(', ')}:`];
};

/**
 * The terminal report: the failures with reasons, a line per layer, the counts, and `N passed, N failed` as
 * the last line.
 */
export const renderTerminal = (records: readonly ResultRecord[]): string => {
  const lines = [...failureLines(records)];
  if (lines.length > 0) lines.push('');
  lines.push(...outline(records).map(layerLine), ...seedLines(records));
  lines.push(...notApplicableLines(records));
  const total = tally(records);
  const { counts, planned, seen } = total;
  lines.push(...formatNothingTried(records, total));
  if (seen !== planned) lines.push(`INCOMPLETE: ${planned - seen} planned cases have no verdict.`);
  else if (!total.hasFooter) lines.push('INCOMPLETE: a run was interrupted, or had nothing to try.');
  lines.push('', ...failedLine(total), countLine(total));
  const passed = counts.pass + counts.warn + counts.xfail;
  const failed = counts.fail + counts.xpass + counts.error + (planned - seen) + total.unmatchedExpectations;
  lines.push(`${passed} passed, ${failed} failed`, '');
  return lines.map(visible).join('\n');
};

const caseLine = ({ id, applies, lacks }: PlannedCase): string => {
  if (applies === 'yes') return `  ${id}`;
  const needs = lacks.join(', ');
  return applies === 'no' ? `  ${id}  (not applicable, needs: ${needs})` : `  ${id}  (if it has: ${needs})`;
};

const count = (cases: readonly PlannedCase[], applies: PlannedCase['applies']): number =>
  cases.filter((each) => each.applies === applies).length;

const planLine = (cases: readonly PlannedCase[]): string =>
  `planned ${cases.length}, not applicable ${count(cases, 'no')}, known at its start ${count(cases, 'unless')}`;

/** Formats the plan of a run by implementation; the last line counts the cases. */
export const renderPlan = (planned: readonly PlannedCases[]): string => {
  const lines = planned.flatMap(({ layer, label, cases }) => [
    `${layer} ${label}: ${planLine(cases)}`,
    ...cases.map(caseLine),
    '',
  ]);
  return `${[...lines, planLine(planned.flatMap(({ cases }) => cases))].join('\n')}\n`;
};
