import { exitCodeOf } from '../core/exit-code.ts';
import { fits } from '../core/id-pattern.ts';
import type { ResultRecord } from '../core/record.ts';
import { type Plan, run } from '../core/run.ts';
import { progress } from '../report/progress.ts';
import { renderTerminal } from '../report/terminal.ts';
import { traceTo } from '../report/trace.ts';
import { type ReportFiles, writeReports } from '../report/write-reports.ts';
import { readExpectations } from './read-inputs.ts';

/** The options that every running command shares. */
export interface SharedOptions extends ReportFiles {
  readonly run?: string;
  readonly seed?: string;
  readonly strict?: boolean;
  readonly trace?: boolean;
  /** A YAML file of known failures. */
  readonly expect?: string;
}

/** Runs a plan, prints and writes its reports, and returns the exit code. */
export const perform = async (makePlan: (plan: Plan) => void, options: SharedOptions): Promise<number> => {
  const { run: pattern, seed, strict = false, trace = false, expect } = options;
  const filter = pattern === undefined ? undefined : { pattern, matches: (id: string) => fits(pattern, id) };
  const expectations = expect === undefined ? undefined : readExpectations(expect);
  const show = progress(process.stderr);
  const records: readonly ResultRecord[] = await run(makePlan, {
    seed,
    filter,
    expectations,
    onRecord: show.record,
    onExchange: trace ? traceTo(process.stderr) : undefined,
  });
  show.end();
  await writeReports(records, options);
  process.stdout.write(renderTerminal(records));
  return exitCodeOf(records, { strict });
};
