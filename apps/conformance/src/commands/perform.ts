import { type CaseFilter, caseFilter } from '../core/case-filter.ts';
import { dryRun, isEachTried } from '../core/dry-run.ts';
import { EXIT_CODES, exitCodeOf } from '../core/exit-code.ts';
import type { ResultRecord } from '../core/record.ts';
import { type Plan, run } from '../core/run.ts';
import { progress } from '../report/progress.ts';
import { renderPlan } from '../report/render-plan.ts';
import { traceTo } from '../report/trace.ts';
import type { ReportFiles } from '../report/write-reports.ts';
import { publish } from './publish.ts';
import { readExpectations } from './read-inputs.ts';

/** The options that every running command shares. */
export interface SharedOptions extends ReportFiles {
  readonly run?: string;
  readonly seed?: string;
  readonly strict?: boolean;
  readonly trace?: boolean;
  readonly dryrun?: boolean;
  /** A YAML file of known failures. */
  readonly expect?: string;
}

type MakePlan = (plan: Plan) => void;

/** Prints what a run would try; 0, or 3 when that is nothing of an implementation. Writes no report, because nothing was judged. */
const rehearse = (makePlan: MakePlan, filter: CaseFilter | undefined): number => {
  const planned = dryRun(makePlan, filter);
  process.stdout.write(renderPlan(planned));
  return isEachTried(planned) ? EXIT_CODES.conformant : EXIT_CODES.harness;
};

/** Runs a plan, prints and writes its reports, and returns the exit code. */
export const perform = async (makePlan: MakePlan, options: SharedOptions): Promise<number> => {
  const { run: pattern, seed, strict = false, trace = false, dryrun = false, expect } = options;
  const filter = caseFilter(pattern);
  if (dryrun) return rehearse(makePlan, filter);
  const expectations = expect === undefined ? undefined : readExpectations(expect);
  const show = progress(process.stderr);
  const records: readonly ResultRecord[] = await run(makePlan, {
    seed,
    filter,
    expectations,
    strict,
    onRecord: show.record,
    onExchange: trace ? traceTo(process.stderr) : undefined,
  });
  show.end();
  await publish(records, options);
  return exitCodeOf(records);
};
