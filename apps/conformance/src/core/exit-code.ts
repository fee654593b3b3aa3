import type { ResultRecord } from './record.ts';
import { tally } from './tally.ts';
import { untriedImplementations } from './untried.ts';

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
export const exitCodeOf = (records: readonly ResultRecord[]): number => {
  const { planned, seen, counts, unmatchedExpectations, hasFooter } = tally(records);
  const judged = counts.pass + counts.fail + counts.warn + counts.xfail + counts.xpass;
  if (!hasFooter || seen !== planned || counts.error > 0 || judged === 0) return EXIT_CODES.harness;
  if (untriedImplementations(records).length > 0) return EXIT_CODES.harness;
  const departures = counts.fail + counts.xpass + unmatchedExpectations;
  return departures > 0 ? EXIT_CODES.nonconformant : EXIT_CODES.conformant;
};
