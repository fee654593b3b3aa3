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

/** What a run came to, computed from its records alone. */
export interface Tally {
  readonly planned: number;
  readonly seen: number;
  readonly counts: Counts;
  readonly unmatchedExpectations: number;
  readonly hasFooter: boolean;
}

const isCase = (record: ResultRecord): record is CaseRecord => record.type === 'case';

const getKey = (record: CaseRecord): string => `${record.implementation} ${record.layer} ${record.id}`;

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

/** The layers of implementations of which no planned case was judged, as nothing applied or nothing could be tried. */
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

/** The implementations of which no case was judged on any layer: a run with one says nothing about it, whatever others did. */
export const untriedImplementations = (records: readonly ResultRecord[]): readonly string[] => {
  const layers = new Set(unjudgedLayers(records));
  const judged = records
    .filter((record) => record.type === 'implementation')
    .filter((record) => record.planned > 0 && !layers.has(record))
    .map(({ implementation }) => implementation);
  const unjudged = [...layers].map(({ implementation }) => implementation);
  return [...new Set(unjudged)].filter((name) => !judged.includes(name));
};

/** The verdict of a strict run: a departure that the contract tolerates is a failure too. */
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
 * What a run's records come to. 3 goes before 1: a run that is incomplete, has an error in it or tried nothing of an implementation
 * says nothing about conformance.
 */
export const getExitCode = (records: readonly ResultRecord[]): number => {
  const { planned, seen, counts, unmatchedExpectations, hasFooter } = tally(records);
  const judged = counts.pass + counts.fail + counts.warn + counts.xfail + counts.xpass;
  if (!hasFooter || seen !== planned || counts.error > 0 || judged === 0) return EXIT_CODES.harness;
  if (untriedImplementations(records).length > 0) return EXIT_CODES.harness;
  const failures = counts.fail + counts.xpass + unmatchedExpectations;
  return failures > 0 ? EXIT_CODES.nonconformant : EXIT_CODES.conformant;
};
