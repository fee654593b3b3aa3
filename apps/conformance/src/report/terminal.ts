import type { CaseRecord, ImplementationRecord, ResultRecord } from '../core/record.ts';
import { type Tally, tally } from '../core/tally.ts';
import type { Verdict } from '../core/verdict.ts';
import { findingLines } from './finding-lines.ts';
import { excerpt } from './visible.ts';

const MARKS: Partial<Readonly<Record<Verdict, string>>> = { fail: '✗', error: '!', xpass: '?', warn: '~' };

const caseLines = (record: CaseRecord): readonly string[] => [
  '',
  `  ${MARKS[record.verdict]} ${record.id}  (${record.implementation}, ${record.layer}, contract ${record.spec})`,
  `    ${record.description}`,
  ...(record.reason === undefined ? [] : [`    ${record.verdict}: ${excerpt(record.reason)}`]),
  ...(record.finding === undefined ? [] : findingLines(record.finding).map((line) => `    ${line}`)),
];

const countLine = ({ planned, seen, counts }: Tally): string => {
  const shown = [`planned ${planned}`, `pass ${counts.pass}`, `fail ${counts.fail}`];
  const { warn, xfail, xpass, error, notapplicable } = counts;
  for (const [name, count] of Object.entries({ warn, xfail, xpass, error }))
    if (count > 0) shown.push(`${name} ${count}`);
  shown.push(`n/a ${notapplicable}`);
  if (seen !== planned) shown.push(`MISSING ${planned - seen}`);
  return shown.join(' ');
};

const layerLine = (implementation: ImplementationRecord, records: readonly ResultRecord[]): string => {
  const own = records.filter(
    (record) =>
      record === implementation ||
      (record.type === 'case' &&
        record.implementation === implementation.implementation &&
        record.layer === implementation.layer),
  );
  const { layer, language, version } = implementation;
  const about = [language, version, ...implementation.notes].filter((part) => part !== undefined).join(', ');
  return `${layer.padEnd(8)} ${implementation.implementation}${about === '' ? '' : ` (${about})`}: ${countLine(tally(own))}`;
};

const notApplicableLines = (records: readonly ResultRecord[]): readonly string[] => {
  const reasons = new Map<string, string[]>();
  for (const record of records) {
    if (record.type !== 'case' || record.verdict !== 'notapplicable') continue;
    const reason = `${record.implementation}: ${record.reason ?? ''}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), record.id]);
  }
  return [...reasons].map(
    ([reason, ids]) =>
      `  not applicable ×${ids.length} (${reason}): ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}`,
  );
};

const SAME_REASON_SHOWN = 3;

/** Cases that have the very same reason for no verdict are shown three times, then counted. */
const departureLines = (records: readonly ResultRecord[]): readonly string[] => {
  const lines: string[] = [];
  const seen = new Map<string, number>();
  for (const record of records) {
    if (record.type === 'expectation')
      lines.push('', `  ? known failure matches no case: ${record.entry}. Remove it or mend its pattern.`);
    if (record.type !== 'case' || MARKS[record.verdict] === undefined) continue;
    const reason =
      record.verdict === 'error' ? `${record.implementation}: ${record.reason ?? ''}` : record.id;
    const count = (seen.get(reason) ?? 0) + 1;
    seen.set(reason, count);
    if (count <= SAME_REASON_SHOWN) lines.push(...caseLines(record));
  }
  for (const [reason, count] of seen)
    if (count > SAME_REASON_SHOWN)
      lines.push('', `  … and ${count - SAME_REASON_SHOWN} more: ${excerpt(reason)}`);
  return lines;
};

/** The report for people: what departed and why, a line a layer, the counts, and `N passed, N failed` as the last line. */
export const renderTerminal = (records: readonly ResultRecord[]): string => {
  const lines = [...departureLines(records)];
  if (lines.length > 0) lines.push('');
  for (const record of records) if (record.type === 'implementation') lines.push(layerLine(record, records));
  lines.push(...notApplicableLines(records));
  const total = tally(records);
  const { counts, planned, seen } = total;
  if (!total.hasFooter || seen !== planned) lines.push('INCOMPLETE: not every planned case has a verdict.');
  lines.push('', countLine(total));
  const passed = counts.pass + counts.warn + counts.xfail;
  const failed = counts.fail + counts.xpass + counts.error + (planned - seen) + total.unmatchedExpectations;
  lines.push(`${passed} passed, ${failed} failed`, '');
  return lines.join('\n');
};
