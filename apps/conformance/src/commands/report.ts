import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { ResultRecord } from '../core/record.ts';
import { applyStrict, createFooter, getExitCode, tally } from '../core/tally.ts';
import type { ReportFiles } from '../report/write-reports.ts';
import { readResults, UsageError } from './inputs.ts';
import { publish, reportingCommand } from './perform.ts';

const HEAD = '# Give a reason for each failure, best with a link to an issue. An empty reason is rejected.\n';

/**
 * Writes every failure of a run as a known failure with an empty reason. Throws a `UsageError` when the file
 * exists.
 */
const writeExpectations = async (records: readonly ResultRecord[], path: string): Promise<void> => {
  const entries = records
    .filter((record) => record.type === 'case')
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ id, implementation }) => ({ case: id, implementation, reason: '' }));
  await writeFile(path, `${HEAD}${stringify(entries)}`, { flag: 'wx' }).catch((cause: unknown) => {
    throw new UsageError(`The file exists already, or cannot be written: ${path}.`, { cause });
  });
};

interface ReportOptions extends ReportFiles {
  readonly strict?: boolean;
  /** Where to write the failures as known ones. */
  readonly writeExpect?: string;
}

interface ResultFile {
  readonly path: string;
  readonly records: readonly ResultRecord[];
}

const sumDurations = (records: readonly ResultRecord[]): number =>
  records.reduce((sum, record) => sum + (record.type === 'footer' ? record.durationMs : 0), 0);

/** Throws for two verdicts on one case, which would be counted twice or hide each other. */
const assertOnce = (files: readonly ResultFile[]): void => {
  const seen = new Map<string, string>();
  for (const { path, records } of files) {
    for (const record of records) {
      if (record.type !== 'case') continue;
      const name = `${record.id} of ${record.implementation} (${record.layer})`;
      const earlier = seen.get(name);
      if (earlier !== undefined)
        throw new UsageError(
          `${name} occurs twice: in ${earlier} and in ${path}. Pass each result once, give each run of a server its --name, or compare runs over time with trend.`,
        );
      seen.set(name, path);
    }
  }
};

/** Whether a run ended and had something to try. Missing cases are counted later. */
const isWhole = ({ records }: ResultFile): boolean => {
  const { planned, hasFooter } = tally(records);
  return hasFooter && planned > 0;
};

/**
 * Renders several result files as one. An incomplete file makes the whole incomplete. Throws a `UsageError`
 * for a case that occurs twice.
 */
export const report = async (paths: readonly string[], options: ReportOptions): Promise<number> => {
  const { strict = false, writeExpect } = options;
  const files = paths.map((path): ResultFile => {
    const records = readResults(path);
    return { path, records: strict ? records.map(applyStrict) : records };
  });
  assertOnce(files);
  const all = files.flatMap(({ records }) => records);
  const body = all.filter(({ type }) => type !== 'footer');
  const records = files.every(isWhole) ? [...body, createFooter(body, sumDurations(all))] : body;
  await publish(records, options);
  if (writeExpect !== undefined) await writeExpectations(records, writeExpect);
  return getExitCode(records);
};

export const reportCommand = (exit: (code: number) => void): Command =>
  reportingCommand('report', 'render the results of earlier runs as one')
    .argument('<results...>', 'files that --jsonl wrote')
    .option(
      '--write-expect <file>',
      'write every failure as a known failure, with an empty reason to fill in',
    )
    .action(async (files: readonly string[], options: ReportOptions) => exit(await report(files, options)));
