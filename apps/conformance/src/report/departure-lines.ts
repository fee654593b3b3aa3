import type { CaseRecord, ResultRecord } from '../core/record.ts';
import type { Verdict } from '../core/verdict.ts';
import { findingLines } from './finding-lines.ts';
import { groupBy } from './group-by.ts';
import { excerpt } from './visible.ts';

const MARKS: Partial<Readonly<Record<Verdict, string>>> = { fail: '✗', error: '!', xpass: '?', warn: '~' };
const IDS_SHOWN = 3;

/** The first ids of a list, and a sign that there are more. */
export const someIds = (records: readonly CaseRecord[]): string => {
  const ids = records.slice(0, IDS_SHOWN).map(({ id }) => id);
  return [...ids, ...(records.length > IDS_SHOWN ? ['…'] : [])].join(', ');
};

const caseLines = (record: CaseRecord): readonly string[] => [
  '',
  `  ${MARKS[record.verdict]} ${record.id}  (${record.implementation}, ${record.layer}, contract ${record.spec})`,
  `    ${record.description}`,
  ...(record.reason === undefined ? [] : [`    ${record.verdict}: ${excerpt(record.reason)}`]),
  ...(record.finding === undefined ? [] : findingLines(record.finding).map((line) => `    ${line}`)),
];

/** Cases without a verdict for one and the same reason. */
const groupLines = (group: readonly CaseRecord[]): readonly string[] => {
  const [first] = group;
  if (first === undefined) return [];
  if (group.length === 1) return caseLines(first);
  return [
    '',
    `  ! ${group.length} cases without a verdict  (${first.implementation}, ${first.layer})`,
    `    error: ${excerpt(first.reason ?? '')}`,
    `    ${someIds(group)}`,
  ];
};

const sharedReason = ({ implementation, layer, reason = '' }: CaseRecord): string =>
  [implementation, layer, reason].join('\n');

/** What departed and why. Cases that have no verdict for the very same reason are said once, where the first of them stands. */
export const departureLines = (records: readonly ResultRecord[]): readonly string[] => {
  const cases = records.filter((record) => record.type === 'case');
  const groups = groupBy(
    cases.filter(({ verdict }) => verdict === 'error'),
    sharedReason,
  );
  const departures = cases
    .filter(({ verdict }) => MARKS[verdict] !== undefined)
    .flatMap((record) => {
      if (record.verdict !== 'error') return caseLines(record);
      const group = groups.get(sharedReason(record)) ?? [];
      return group[0] === record ? groupLines(group) : [];
    });
  const stale = records
    .filter((record) => record.type === 'expectation')
    .flatMap(({ entry }) => [
      '',
      `  ? known failure matches no case: ${entry}. Remove it or mend its pattern.`,
    ]);
  return [...departures, ...stale];
};
