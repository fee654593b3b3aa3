import { existsSync } from 'node:fs';
import type { ResultRecord } from '../core/record.ts';
import { renderTerminal } from '../report/terminal.ts';
import { type ReportFiles, writeReports } from '../report/write-reports.ts';
import { UsageError } from './usage-error.ts';

const leftOutLine = (path: string): string =>
  existsSync(path)
    ? `${path} is of an EARLIER run: a badge is for a run without --run, so it was not written now.\n`
    : `${path} was not written: a badge is for a run without --run.\n`;

/** Prints what a run came to, then writes its reports. Throws a `UsageError` for a file that cannot be written. */
export const publish = async (records: readonly ResultRecord[], files: ReportFiles): Promise<void> => {
  process.stdout.write(renderTerminal(records));
  const leftOut = await writeReports(records, files).catch((cause: unknown) => {
    throw new UsageError(`A report cannot be written: ${cause instanceof Error ? cause.message : 'failed'}`, {
      cause,
    });
  });
  for (const path of leftOut) process.stderr.write(leftOutLine(path));
};
