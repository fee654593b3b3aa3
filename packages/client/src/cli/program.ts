import { ProtocolError } from '@cpg/protocol';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { CpgError } from '../errors.ts';
import { addBalances, addPing, addTransactions, addWithdraw } from './api-commands.ts';
import { addExplain, addSign } from './signing-commands.ts';
import { type Terminal, UsageError } from './terminal.ts';

/**
 * Runs a command line (without `node` and script). Returns the exit code: 0 for success, 1 for a failed call,
 * 2 for wrong usage.
 */
export const run = async (argv: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    await createProgram(terminal).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already printed its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.note(describe(error));
    const isUsage =
      error instanceof UsageError ||
      ProtocolError.is(error) ||
      getCode(error).startsWith('invalid_configuration');
    return isUsage ? 2 : 1;
  }
};

const getCode = (error: unknown): string => (CpgError.is(error) ? error.code : '');

const describe = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return CpgError.is(error) ? `${message} (${error.code})` : message;
};

const HELP = `
Credentials are read from CPG_BASE_URL, CPG_KEY_ID and CPG_SECRET, or from the JSON file named by
--credentials or CPG_CREDENTIALS. They cannot be passed as arguments, because other users of this machine
can read those.`;

/** Creates the program with all commands. */
const createProgram = (terminal: Terminal): Command => {
  const program = new Command('cpg')
    .description('Command-line client of the CPG payment API')
    .version(packageJson.version)
    .option('--credentials <file>', 'JSON file with baseUrl, keyId and secret, readable only by you')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    });
  const context = { terminal, credentialsFile: () => program.opts<{ credentials?: string }>().credentials };
  const all = [addPing, addBalances, addWithdraw, addTransactions, addSign, addExplain];
  for (const add of all) add(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
};
