import type { ResultRecord } from '../core/record.ts';
import { EXIT_CODES, getExitCode, type Tally, tally } from '../core/tally.ts';

interface Shown {
  readonly message: string;
  readonly color: 'brightgreen' | 'green' | 'red' | 'lightgrey';
}

const figures = ({ planned, counts }: Tally): string => {
  const { pass, notapplicable } = counts;
  return notapplicable === 0 ? `${pass}/${planned}` : `${pass}/${planned}, ${notapplicable} n/a`;
};

/** Bright green means that every planned case passes. A failure is red in any case. */
const getBadge = (records: readonly ResultRecord[]): Shown => {
  const total = tally(records);
  const { counts, planned, unmatchedExpectations } = total;
  const message = figures(total);
  if (counts.fail + counts.xpass + unmatchedExpectations > 0) return { message, color: 'red' };
  if (getExitCode(records) !== EXIT_CODES.conformant) return { message: 'incomplete', color: 'lightgrey' };
  return { message, color: counts.pass === planned ? 'brightgreen' : 'green' };
};

/**
 * The JSON of a shields.io endpoint badge; `undefined` for a filtered run, because a badge must not claim
 * more than was tried. A run without a verdict gives a grey badge, which replaces an earlier green one.
 */
export const renderBadge = (records: readonly ResultRecord[]): string | undefined => {
  const isFiltered = records.some((record) => record.type === 'header' && record.filter !== undefined);
  if (isFiltered) return undefined;
  return `${JSON.stringify({ schemaVersion: 1, label: 'CPG conformance', ...getBadge(records) })}\n`;
};
