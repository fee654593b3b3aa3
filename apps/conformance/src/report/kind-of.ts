import type { CaseRecord } from '../core/record.ts';

/** A value that is longer differs from case to case, and its `what` says enough. */
const SHORT = 100;

/** A text without what differs from run to run: digests, ids, times. */
const shape = (text: string): string => (text.length > SHORT ? '' : text.replace(/[0-9a-f]{8,}/gi, '#'));

/** Whether a value is short and has nothing in it that differs from run to run, so that a line can show it whole. */
export const isPlain = (text: string): boolean => shape(text) === text;

/** What two cases have in common that failed in the same way, each in its own place. */
export const kindOf = ({ implementation, layer, verdict, reason, finding }: CaseRecord): string => {
  const common = [implementation, layer, verdict];
  if (finding === undefined) return [...common, reason].join('\n');
  const { what, hint, expected, actual, canonical } = finding;
  // A canonical string is another one in every case.
  const values = canonical === undefined ? [shape(expected), shape(actual)] : [];
  return [...common, what, hint, ...values].join('\n');
};
