import type { CaseRecord, ResultRecord } from '../core/record.ts';
import { getExitCode, tally, unjudgedLayers } from '../core/tally.ts';
import { isFailure, oneLine, outline, type Section } from './outline.ts';
import { linkSections } from './sections.ts';
import { escapeMarkup, excerpt, LENGTHS } from './visible.ts';

const MAX_FAILURES = 50;

/** Prevents text of an implementation from becoming a link, an image or a tag. */
const inert = (text: string): string =>
  escapeMarkup(text.replaceAll('`', "'").replaceAll('\n', ' ')).replace(/[|[\]\\*_]/g, '\\$&');

const cell = (text: string): string => inert(excerpt(text, { length: LENGTHS.cell }));

const row = ({ about, cases }: Section): string => {
  const { counts } = tally([about, ...cases]);
  const { pass, fail, warn, xfail, xpass, error, notapplicable } = counts;
  const figures = [about.planned, pass, fail + xpass, error, warn, xfail, notapplicable];
  return `| ${about.layer} | ${cell(about.implementation)} | ${figures.join(' | ')} |`;
};

const hint = ({ diff }: CaseRecord): string => (diff?.hint === undefined ? '' : `. Hint: ${cell(diff.hint)}`);

const failureRow = (record: CaseRecord): string =>
  `| \`${cell(record.id)}\` | ${cell(record.implementation)} | ${linkSections(inert(record.spec), (label, address) => `[${label}](${address})`)} | ${record.verdict} | ${cell(oneLine(record))}${hint(record)} |`;

/** A summary for `$GITHUB_STEP_SUMMARY`: a line per layer, then at most fifty failures. */
export const renderMarkdown = (records: readonly ResultRecord[]): string => {
  const { counts, planned, seen } = tally(records);
  const headline =
    getExitCode(records) === 0
      ? `✅ ${counts.pass} of ${planned} pass`
      : `❌ ${counts.pass} of ${planned} pass`;
  const failures = records.filter((record) => record.type === 'case').filter(isFailure);
  const stale = records.filter((record) => record.type === 'expectation');
  const lines = [
    `## CPG conformance: ${headline}`,
    '',
    '| Layer | Implementation | Planned | Pass | Fail | Error | Warn | Known | n/a |',
    '|---|---|--:|--:|--:|--:|--:|--:|--:|',
    ...outline(records).map(row),
  ];
  if (seen !== planned) lines.push('', `**Incomplete:** ${planned - seen} planned cases have no verdict.`);
  for (const { layer, implementation } of unjudgedLayers(records))
    lines.push('', `**No verdict:** no case of ${layer} was judged on ${cell(implementation)}.`);
  if (failures.length > 0)
    lines.push(
      '',
      '| Case | Implementation | Spec | Verdict | What |',
      '|---|---|---|---|---|',
      ...failures.slice(0, MAX_FAILURES).map(failureRow),
    );
  if (failures.length > MAX_FAILURES) lines.push('', `… and ${failures.length - MAX_FAILURES} more.`);
  for (const { entry } of stale) lines.push('', `Known failure matches no case: ${cell(entry)}.`);
  return `${lines.join('\n')}\n`;
};
