import type { Finding } from '../core/finding.ts';
import { sideBySide } from './line-pairs.ts';
import { excerpt, LENGTHS, visible } from './visible.ts';

/** A finding as text: the first differing byte, both canonical strings with visible line ends, what went over the wire. */
export const findingLines = (finding: Finding): readonly string[] => {
  const { what, expected, actual, canonical, firstDifference: at } = finding;
  const lines = [`what      ${visible(what)}`];
  // The canonical strings are shown whole below; nothing is said twice.
  if (canonical?.expected !== expected)
    lines.push(
      `expected  ${excerpt(expected, { around: at })}`,
      `actual    ${excerpt(actual, { around: at })}`,
    );
  if (at !== undefined) lines.push(`differs   first at byte ${at}`);
  if (canonical !== undefined)
    lines.push('canonical string', ...sideBySide(canonical.expected, canonical.actual));
  for (const { sent, received } of finding.exchanges ?? []) {
    lines.push(`sent      ${excerpt(sent, { length: LENGTHS.message, isBytes: true })}`);
    if (received !== '')
      lines.push(`received  ${excerpt(received, { length: LENGTHS.message, isBytes: true })}`);
  }
  if (finding.hint !== undefined) lines.push(`hint      ${visible(finding.hint)}`);
  if (finding.curl !== undefined) lines.push(`repeat    ${visible(finding.curl)}`);
  return lines;
};
