import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { createTrends, renderTrendPage, renderTrendText } from '../report/trend.ts';
import { readResults, UsageError } from './inputs.ts';

/** Compares the runs of several result files. Throws a `UsageError` for a file that cannot be read or written. */
const showTrend = async (paths: readonly string[], html: string | undefined): Promise<void> => {
  const trends = createTrends(paths.map(readResults));
  process.stdout.write(renderTrendText(trends));
  if (html === undefined) return;
  try {
    await mkdir(dirname(html), { recursive: true });
    await writeFile(html, renderTrendPage(trends));
  } catch (cause) {
    throw new UsageError(`The page cannot be written: ${html}.`, { cause });
  }
};

export const trendCommand = (): Command =>
  new Command('trend')
    .description('compare several runs over time: what fails since which run, and what is fixed')
    .argument('<results...>', 'files that --jsonl wrote, one for each run')
    .option('--html <file>', 'write one self-contained HTML page')
    .action((files: readonly string[], { html }: { readonly html?: string }) => showTrend(files, html));
