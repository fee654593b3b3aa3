import type { CaseRecord, Counts, FooterRecord, ResultRecord } from './record.ts';
import { VERDICTS, type Verdict } from './verdict.ts';

/** What a run came to, computed from its records alone. */
export interface Tally {
  readonly planned: number;
  readonly seen: number;
  readonly counts: Counts;
  readonly unmatchedExpectations: number;
  readonly hasFooter: boolean;
}

const isCase = (record: ResultRecord): record is CaseRecord => record.type === 'case';

const keyOf = (record: CaseRecord): string => `${record.implementation} ${record.layer} ${record.id}`;

/** Counts verdicts. A case that is recorded twice for one implementation is seen once, so it cannot stand in for a missing one. */
export const tally = (records: readonly ResultRecord[]): Tally => {
  const counts = Object.fromEntries(Object.keys(VERDICTS).map((name) => [name, 0])) as Record<
    Verdict,
    number
  >;
  const seen = new Set<string>();
  let planned = 0;
  let unmatchedExpectations = 0;
  for (const record of records) {
    if (record.type === 'implementation') planned += record.planned;
    if (record.type === 'expectation') unmatchedExpectations++;
    if (!isCase(record)) continue;
    seen.add(keyOf(record));
    counts[record.verdict]++;
  }
  const hasFooter = records.at(-1)?.type === 'footer';
  return { planned, seen: seen.size, counts, unmatchedExpectations, hasFooter };
};

/** The last line of a result file. */
export const footerOf = (records: readonly ResultRecord[], durationMs: number): FooterRecord => {
  const { planned, seen, counts } = tally(records);
  return { type: 'footer', planned, seen, counts, durationMs };
};
