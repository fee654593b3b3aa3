interface Line {
  readonly text: string;
  readonly type: string;
  readonly verdict?: string;
}

const readLines = (results: string): readonly Line[] =>
  results
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => ({ ...(JSON.parse(text) as { type: string; verdict?: string }), text }));

const isTried = ({ type, verdict }: Line): boolean => type === 'case' && verdict !== 'notapplicable';

/**
 * Makes the results of several runs, as JSON lines, fit for one report: a run of which `--run` left nothing that applies does
 * not count beside one that tried something, and a known failure is unmatched only when no run had a case for it.
 */
export const combinable = (results: readonly string[]): readonly string[] => {
  const runs = results.map(readLines);
  const tried = runs.filter((lines) => lines.some(isTried));
  const counted = tried.length === 0 ? runs.slice(0, 1) : tried;
  const isUnmatched = ({ text }: Line) => runs.every((lines) => lines.some((line) => line.text === text));
  return counted.map((lines, index) =>
    lines
      .filter((line) => line.type !== 'expectation' || (index === 0 && isUnmatched(line)))
      .map(({ text }) => `${text}\n`)
      .join(''),
  );
};
