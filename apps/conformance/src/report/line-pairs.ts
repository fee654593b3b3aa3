import { firstDifference } from '../core/finding.ts';
import { excerpt, LENGTHS, linesOf, visibleLines } from './visible.ts';

/** The same line of two texts, with its line end visible. */
export interface LinePair {
  readonly expected: string;
  readonly actual: string;
  readonly isEqual: boolean;
}

/** Two texts line by line, each long line cut around where the two part; a line that only one of them has stands against nothing. */
export const linePairs = (expected: string, actual: string, length: number): readonly LinePair[] => {
  const left = linesOf(expected);
  const right = linesOf(actual);
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

/** Two texts side by side, marked `≠` where they part; one alone when there is no other. */
export const sideBySide = (expected: string, actual: string | undefined): readonly string[] => {
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
