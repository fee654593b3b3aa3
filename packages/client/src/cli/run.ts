import { ProtocolError } from '@cpg/protocol';
import { CommanderError } from 'commander';
import { CpgError } from '../errors/cpg-error.ts';
import { makeProgram } from './program.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Runs one command line (without `node` and script) and returns the exit code: 0 done, 1 refused or failed, 2 called wrongly. */
export const run = async (argv: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    await makeProgram(terminal).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.note(describe(error));
    const isUsage =
      error instanceof UsageError ||
      ProtocolError.is(error) ||
      codeOf(error).startsWith('invalid_configuration');
    return isUsage ? 2 : 1;
  }
};

const codeOf = (error: unknown): string => (CpgError.is(error) ? error.code : '');

const describe = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return CpgError.is(error) ? `${message} (${error.code})` : message;
};
