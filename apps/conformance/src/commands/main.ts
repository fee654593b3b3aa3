import { Command, CommanderError } from 'commander';
import { SUITE_VERSION } from '../core/record.ts';
import { EXIT_CODES } from '../core/tally.ts';
import { clientCommand, vectorsCommand } from './adapter-commands.ts';
import { explain, list } from './catalogue.ts';
import { exportCommand } from './export.ts';
import { initCommand } from './init-command.ts';
import { UsageError } from './inputs.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run-command.ts';
import { serverCommand } from './server-command.ts';
import { timingCommand } from './timing-command.ts';
import { trendCommand } from './trend-command.ts';

const isClosedPipe = (error: Error): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE';

/**
 * Ignores EPIPE: the reader of the output may close it early, as `head` does. The command goes on, since its
 * exit code and reports must stay correct.
 */
export const ignoreClosedPipe = (stream: NodeJS.WritableStream): void => {
  stream.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
};

const listCommand = (): Command =>
  new Command('list')
    .description('list every case: id, description, sections of the wire protocol')
    .action(() => void process.stdout.write(list()));

const explainCommand = (): Command =>
  new Command('explain')
    .description('explain cases')
    .argument('<ids...>', 'ids, or globs such as server-rate-*')
    .action((ids: readonly string[]) => void process.stdout.write(explain(ids)));

/** The command line. `exit` is called with the exit code of the command. */
export const program = (exit: (code: number) => void): Command =>
  new Command('cpg-conformance')
    .description('Checks any client or server of the CPG payment API against its wire protocol.')
    .version(SUITE_VERSION)
    .addCommand(vectorsCommand(exit))
    .addCommand(clientCommand(exit))
    .addCommand(serverCommand(exit))
    .addCommand(runCommand(exit))
    .addCommand(timingCommand(exit))
    .addCommand(reportCommand(exit))
    .addCommand(initCommand())
    .addCommand(trendCommand())
    .addCommand(listCommand())
    .addCommand(explainCommand())
    .addCommand(exportCommand());

/** Runs one command line and returns its exit code: 0 conformant, 1 not, 2 wrong usage, 3 no verdict. */
export const main = async (argv: readonly string[]): Promise<number> => {
  let exitCode: number = EXIT_CODES.conformant;
  const command = program((code) => {
    exitCode = code;
  });
  for (const each of [command, ...command.commands]) each.exitOverride();
  try {
    await command.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    const text = error instanceof Error ? error.message : 'failed';
    process.stderr.write(`cpg-conformance: ${text}\n`);
    return error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.harness;
  }
};
