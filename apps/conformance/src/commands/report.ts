import { EXIT_CODES, exitCodeOf } from '../core/exit-code.ts';
import type { ResultRecord } from '../core/record.ts';
import { strictly } from '../core/strictly.ts';
import { footerOf } from '../core/tally.ts';
import type { ReportFiles } from '../report/write-reports.ts';
import { publish } from './publish.ts';
import { readResults } from './read-inputs.ts';
import { writeExpectations } from './write-expectations.ts';

export interface ReportOptions extends ReportFiles {
  readonly strict?: boolean;
  /** Where to write the failures as known ones. */
  readonly writeExpect?: string;
}

const durationOf = (records: readonly ResultRecord[]): number =>
  records.reduce((sum, record) => sum + (record.type === 'footer' ? record.durationMs : 0), 0);

/** Renders several result files as one. One file that is incomplete makes the whole incomplete. */
export const report = async (paths: readonly string[], options: ReportOptions): Promise<number> => {
  const { strict = false, writeExpect } = options;
  const runs = paths.map(readResults).map((records) => (strict ? records.map(strictly) : records));
  const body = runs.flat().filter(({ type }) => type !== 'footer');
  const isComplete = runs.every((records) => exitCodeOf(records) !== EXIT_CODES.harness);
  const records = isComplete ? [...body, footerOf(body, durationOf(runs.flat()))] : body;
  await publish(records, options);
  if (writeExpect !== undefined) await writeExpectations(records, writeExpect);
  return exitCodeOf(records);
};
