import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { type CaseFilter, createCaseFilter } from '../core/case-filter.ts';
import { dryRun, isEachTried } from '../core/dry-run.ts';
import type { ResultRecord } from '../core/record.ts';
import { type Plan, run } from '../core/run.ts';
import { EXIT_CODES, getExitCode } from '../core/tally.ts';
import { progress, traceTo } from '../report/progress.ts';
import { renderPlan, renderTerminal } from '../report/terminal.ts';
import { type ReportFiles, writeReports } from '../report/write-reports.ts';
import { readExpectations, UsageError } from './inputs.ts';

/** A command that prints a run and writes its reports. */
export const reportingCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--strict', 'count warnings as failures')
    .option('--jsonl <file>', 'write the results, one JSON object per line')
    .option('--junit <file>', 'write JUnit XML')
    .option('--html <file>', 'write one self-contained HTML page')
    .option('--markdown <file>', 'write a summary for a CI job')
    .option('--badge <file>', 'write the JSON of a shields.io badge; not with --run');

/** A command that runs cases. */
export const runningCommand = (name: string, description: string): Command =>
  reportingCommand(name, description)
    .option('--run <pattern>', 'only cases whose id matches a glob such as server-rate-*')
    .option('--dryrun', 'print the planned cases, and start nothing')
    .option('--seed <text>', 'repeat a run with the same secrets and bodies')
    .option('--trace', 'write everything that goes over the wire to standard error')
    .option('--expect <file>', 'YAML list of known failures: case, reason, optional implementation');

/** Options that say which cases run and what is written, not what is judged. */
const NOT_REPEATED = new Set(['run', 'seed', 'dryrun', 'trace', 'expect', 'strict']);
const REPORTS = new Set(['jsonl', 'junit', 'html', 'markdown', 'badge']);

const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The command line of a run, for a shell, without the options that choose cases and write reports. */
const formatCommand = (command: Command): string => {
  const given = command.options
    .map((option) => ({ option, name: option.attributeName() }))
    .filter(({ name }) => command.getOptionValueSource(name) === 'cli')
    .filter(({ name }) => !NOT_REPEATED.has(name) && !REPORTS.has(name))
    .map(({ option, name }) => {
      const value: unknown = command.getOptionValue(name);
      return value === true ? `${option.long}` : `${option.long} ${quote(String(value))}`;
    });
  return ['cpg-conformance', command.name(), ...given].join(' ');
};

const leftOutLine = (path: string): string =>
  existsSync(path)
    ? `${path} is from an EARLIER run: a run with --run writes no badge.\n`
    : `${path} was not written: a run with --run writes no badge.\n`;

/**
 * Prints the result of a run, then writes its reports. Throws a `UsageError` for a file that cannot be
 * written.
 */
export const publish = async (records: readonly ResultRecord[], files: ReportFiles): Promise<void> => {
  process.stdout.write(renderTerminal(records));
  const leftOut = await writeReports(records, files).catch((cause: unknown) => {
    throw new UsageError(`A report cannot be written: ${cause instanceof Error ? cause.message : 'failed'}`, {
      cause,
    });
  });
  for (const path of leftOut) process.stderr.write(leftOutLine(path));
};

/** The options of every command that runs cases. */
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

/**
 * Prints what a run would try. Returns 0, or 3 when it would try nothing of an implementation. Writes no
 * report.
 */
const rehearse = (makePlan: MakePlan, filter: CaseFilter | undefined): number => {
  const planned = dryRun(makePlan, filter);
  process.stdout.write(renderPlan(planned));
  return isEachTried(planned) ? EXIT_CODES.conformant : EXIT_CODES.harness;
};

/** Runs a plan, prints and writes its reports, and returns the exit code. */
export const perform = async (
  makePlan: MakePlan,
  options: SharedOptions,
  command: Command,
): Promise<number> => {
  const { run: pattern, seed, strict = false, trace = false, dryrun = false, expect } = options;
  const filter = createCaseFilter(pattern);
  if (dryrun) return rehearse(makePlan, filter);
  const expectations = expect === undefined ? undefined : readExpectations(expect);
  const show = progress(process.stderr);
  const records: readonly ResultRecord[] = await run(makePlan, {
    seed,
    filter,
    expectations,
    strict,
    command: formatCommand(command),
    onRecord: show.record,
    onExchange: trace ? traceTo(process.stderr) : undefined,
  });
  show.end();
  await publish(records, options);
  return getExitCode(records);
};
