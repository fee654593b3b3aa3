import { parseArgs } from 'node:util';

export interface PartedArguments {
  /** For every run of the suite. */
  readonly run: readonly string[];
  /** For the report on all runs. */
  readonly report: readonly string[];
}

const FILE = { type: 'string' } as const;
const REPORTS = { jsonl: FILE, junit: FILE, html: FILE, markdown: FILE, badge: FILE };
const STRICT = '--strict';

/** Parts what follows `npm run conformance --` into what each run takes and what the common report takes; `--strict` is for both. */
export const partArguments = (given: readonly string[]): PartedArguments => {
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
