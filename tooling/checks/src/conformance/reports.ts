import { parseArgs } from 'node:util';

export interface SplitArguments {
  /** For each run of the suite. */
  readonly run: readonly string[];
  /** For the common report. */
  readonly report: readonly string[];
}

const FILE = { type: 'string' } as const;
const REPORTS = { jsonl: FILE, junit: FILE, html: FILE, markdown: FILE, badge: FILE };
const STRICT = '--strict';

/** Splits the arguments after `npm run conformance --` into those for each run and those for the common report; `--strict` is for both. */
export const splitArguments = (given: readonly string[]): SplitArguments => {
  const { tokens } = parseArgs({ args: [...given], options: REPORTS, strict: false, tokens: true });
  const ofReport = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !(token.name in REPORTS)) continue;
    ofReport.add(token.index);
    if (token.value !== undefined && !token.inlineValue) ofReport.add(token.index + 1);
  }
  return {
    run: given.filter((_argument, index) => !ofReport.has(index)),
    report: given.filter((argument, index) => ofReport.has(index) || argument === STRICT),
  };
};

interface Line {
  readonly text: string;
  readonly type: string;
  readonly verdict?: string;
}

const parseResults = (results: string): readonly Line[] =>
  results
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => ({ ...(JSON.parse(text) as { type: string; verdict?: string }), text }));

const isAttempted = ({ type, verdict }: Line): boolean => type === 'case' && verdict !== 'notapplicable';

/**
 * Prepares the results of several runs, as JSON lines, for one report. A run in which `--run` matched no applicable case is left out if another
 * run has one, and a known failure is unmatched only if no run had a case for it.
 */
export const combineResults = (results: readonly string[]): readonly string[] => {
  const runs = results.map(parseResults);
  const attempted = runs.filter((lines) => lines.some(isAttempted));
  const counted = attempted.length === 0 ? runs.slice(0, 1) : attempted;
  const isUnmatched = ({ text }: Line) => runs.every((lines) => lines.some((line) => line.text === text));
  return counted.map((lines, index) =>
    lines
      .filter((line) => line.type !== 'expectation' || (index === 0 && isUnmatched(line)))
      .map(({ text }) => `${text}\n`)
      .join(''),
  );
};
