import {
  type CaseRecord,
  type Counts,
  type FooterRecord,
  type ImplementationRecord,
  isJudged,
  type ResultRecord,
  VERDICTS,
  type Verdict,
} from './record.ts';

/** The counts of a run, computed from its records alone. */
export interface Tally {
  readonly planned: number;
  readonly seen: number;
  readonly counts: Counts;
  readonly unmatchedExpectations: number;
  readonly hasFooter: boolean;
}

const isCase = (record: ResultRecord): record is CaseRecord => record.type === 'case';

const getKey = (record: CaseRecord): string => `${record.implementation} ${record.layer} ${record.id}`;

/**
 * Counts verdicts. A case recorded twice for one implementation counts as seen once, so it cannot hide a
 * missing one.
 */
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
    seen.add(getKey(record));
    counts[record.verdict]++;
  }
  const hasFooter = records.at(-1)?.type === 'footer';
  return { planned, seen: seen.size, counts, unmatchedExpectations, hasFooter };
};

/** The last line of a result file. */
export const createFooter = (records: readonly ResultRecord[], durationMs: number): FooterRecord => {
  const { planned, seen, counts } = tally(records);
  return { type: 'footer', planned, seen, counts, durationMs };
};

/** The layers without a judged case: nothing applied, or nothing could run. */
export const unjudgedLayers = (records: readonly ResultRecord[]): readonly ImplementationRecord[] => {
  const judged = records
    .filter((record) => record.type === 'case')
    .filter(({ verdict }) => isJudged(verdict));
  return records
    .filter((record) => record.type === 'implementation')
    .filter(
      ({ implementation, layer, planned }) =>
        planned > 0 && !judged.some((each) => each.implementation === implementation && each.layer === layer),
    );
};

/** The implementations without a judged case on any layer. A run with one of them has no verdict on it. */
export const untriedImplementations = (records: readonly ResultRecord[]): readonly string[] => {
  const layers = new Set(unjudgedLayers(records));
  const judged = records
    .filter((record) => record.type === 'implementation')
    .filter((record) => record.planned > 0 && !layers.has(record))
    .map(({ implementation }) => implementation);
  const unjudged = [...layers].map(({ implementation }) => implementation);
  return [...new Set(unjudged)].filter((name) => !judged.includes(name));
};

/** Turns a warning into a failure, for a strict run. */
export const applyStrict = <Item extends ResultRecord>(record: Item): Item =>
  record.type === 'case' && record.verdict === 'warn' ? { ...record, verdict: 'fail' } : record;

/** The exit codes of `cpg-conformance`, with what they mean. */
export const EXIT_CODES = Object.freeze({
  conformant: 0,
  nonconformant: 1,
  usage: 2,
  harness: 3,
} as const);

/**
 * The exit code of a run. 3 precedes 1: a run that is incomplete, has an error, or judged no case of an
 * implementation has no verdict.
 */
export const getExitCode = (records: readonly ResultRecord[]): number => {
  const { planned, seen, counts, unmatchedExpectations, hasFooter } = tally(records);
  const judged = counts.pass + counts.fail + counts.warn + counts.xfail + counts.xpass;
  if (!hasFooter || seen !== planned || counts.error > 0 || judged === 0) return EXIT_CODES.harness;
  if (untriedImplementations(records).length > 0) return EXIT_CODES.harness;
  const failures = counts.fail + counts.xpass + unmatchedExpectations;
  return failures > 0 ? EXIT_CODES.nonconformant : EXIT_CODES.conformant;
};
