import { type Diff, firstDifference } from '../core/checker.ts';
import { excerpt, LENGTHS, splitLines, visible, visibleLines } from './visible.ts';

/** The same line of two texts, with visible line ends. */
interface LinePair {
  readonly expected: string;
  readonly actual: string;
  readonly isEqual: boolean;
}

/** Pairs two texts line by line, each long line cut around the first difference; a missing line is empty. */
export const linePairs = (expected: string, actual: string, length: number): readonly LinePair[] => {
  const left = splitLines(expected);
  const right = splitLines(actual);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const [one = '', other = ''] = [left[index], right[index]];
    const shown = { length, around: firstDifference(one, other), isBytes: true };
    return {
      expected: excerpt(one, shown),
      actual: excerpt(other, shown),
      isEqual: left[index] === right[index],
    };
  });
};

/** Two texts side by side, with `≠` on lines that differ; one alone if the other is missing. */
const sideBySide = (expected: string, actual: string | undefined): readonly string[] => {
  if (actual === undefined) return ['  expected', ...visibleLines(expected).map((line) => `  ${line}`)];
  const pairs = linePairs(expected, actual, LENGTHS.cell);
  const width = Math.max('expected'.length, ...pairs.map((pair) => pair.expected.length));
  return [
    `  ${'expected'.padEnd(width)} │ actual`,
    ...pairs.map((pair) => {
      const line = `${pair.isEqual ? ' ' : '≠'} ${pair.expected.padEnd(width)} │ ${pair.actual}`;
      return line.trimEnd();
    }),
  ];
};

const ROW = 16;
const MAX_BYTES = 1_024;

const row = (bytes: Buffer, offset: number): string => {
  const part = bytes.subarray(offset, offset + ROW);
  const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
  return `${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * ROW - 1)}  ${text}`;
};

/** A hexdump of bytes given as latin1 text: sixteen per row with their offset, at most the first 1024. */
export const hexdump = (text: string): readonly string[] => {
  const bytes = Buffer.from(text.slice(0, MAX_BYTES), 'latin1');
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += ROW) rows.push(row(bytes, offset));
  return text.length > MAX_BYTES ? [...rows, `… (${text.length} bytes)`] : rows;
};

/** Whether a message has bytes other than visible ASCII and line ends. */
export const hasHiddenBytes = (text: string): boolean => /[^\r\n\x20-\x7e]/.test(text);

/**
 * Formats a diff as text: the first differing byte, both canonical strings with visible line ends, the
 * messages on the wire.
 */
export const diffLines = (diff: Diff): readonly string[] => {
  const { what, expected, actual, canonical, firstDifference: at } = diff;
  const lines = [`what      ${visible(what)}`];
  // The canonical strings are shown below.
  if (canonical?.expected !== expected)
    lines.push(
      `expected  ${excerpt(expected, { around: at })}`,
      `actual    ${excerpt(actual, { around: at })}`,
    );
  if (at !== undefined) lines.push(`differs   first at byte ${at}`);
  if (canonical !== undefined)
    lines.push('canonical string', ...sideBySide(canonical.expected, canonical.actual));
  for (const { sent, received, canonical: signed } of diff.exchanges ?? []) {
    lines.push(`sent      ${excerpt(sent, { length: LENGTHS.message, isBytes: true })}`);
    if (received !== '')
      lines.push(`received  ${excerpt(received, { length: LENGTHS.message, isBytes: true })}`);
    if (signed !== undefined)
      lines.push(
        'signed',
        ...visibleLines(signed).map((line) => `  ${line}`),
        ...hexdump(signed).map((line) => `  ${line}`),
      );
  }
  if (diff.output !== undefined) lines.push(`output    ${excerpt(diff.output)}`);
  if (diff.hint !== undefined) lines.push(`hint      ${visible(diff.hint)}`);
  return lines;
};
