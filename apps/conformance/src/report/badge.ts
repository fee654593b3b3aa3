import { exitCodeOf } from '../core/exit-code.ts';
import type { ResultRecord } from '../core/record.ts';
import { tally } from '../core/tally.ts';

/**
 * The JSON of a shields.io endpoint badge, or `undefined` for a run that was filtered or is incomplete: a badge must not claim more
 * than was tried.
 */
export const renderBadge = (records: readonly ResultRecord[]): string | undefined => {
  const { counts, planned, seen, hasFooter } = tally(records);
  const isFiltered = records.some((record) => record.type === 'header' && record.filter !== undefined);
  if (isFiltered || !hasFooter || planned === 0 || seen !== planned) return undefined;
  const applicable = planned - counts.notapplicable;
  const color = exitCodeOf(records) === 0 ? 'brightgreen' : 'red';
  const badge = {
    schemaVersion: 1,
    label: 'CPG conformance',
    message: `${counts.pass}/${applicable}`,
    color,
  };
  return `${JSON.stringify(badge)}\n`;
};
