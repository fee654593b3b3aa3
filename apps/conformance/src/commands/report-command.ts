import type { Command } from 'commander';
import { type ReportOptions, report } from './report.ts';
import { reportingCommand } from './running-command.ts';

export const reportCommand = (exit: (code: number) => void): Command =>
  reportingCommand('report', 'render the results of earlier runs together')
    .argument('<results...>', 'files that --jsonl wrote')
    .option(
      '--write-expect <file>',
      'write every failure as a known failure whose reason is still to be filled in',
    )
    .action(async (files: readonly string[], options: ReportOptions) => exit(await report(files, options)));
