import { CommanderError } from 'commander';
import { EXIT_CODES } from '../core/exit-code.ts';
import { program } from './program.ts';
import { UsageError } from './usage-error.ts';

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
