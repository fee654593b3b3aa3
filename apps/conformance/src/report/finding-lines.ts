import type { Finding } from '../core/finding.ts';
import { excerpt, visible, visibleLines } from './visible.ts';

/** A finding as text: the first differing byte, both canonical strings with visible line ends, what went over the wire. */
export const findingLines = (finding: Finding): readonly string[] => {
  const at = finding.firstDifference;
  const lines = [
    `what      ${finding.what}`,
    `expected  ${excerpt(finding.expected, at)}`,
    `actual    ${excerpt(finding.actual, at)}`,
  ];
  if (at !== undefined) lines.push(`differs   first at byte ${at}`);
  if (finding.canonical !== undefined) {
    const { expected, actual } = finding.canonical;
    lines.push('canonical string expected:', ...visibleLines(expected).map((line) => `  ${line}`));
    lines.push('canonical string actual:', ...visibleLines(actual).map((line) => `  ${line}`));
  }
  for (const { sent, received } of finding.exchanges ?? []) {
    lines.push(`sent      ${excerpt(sent)}`);
    if (received !== '') lines.push(`received  ${excerpt(received)}`);
  }
  if (finding.hint !== undefined) lines.push(`hint      ${finding.hint}`);
  if (finding.curl !== undefined) lines.push(`repeat    ${visible(finding.curl)}`);
  return lines;
};
