import { ProtocolError } from '@cpg/protocol';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { CpgError } from '../errors.ts';
import { addBalances, addPing, addTransactions, addWithdraw } from './api-commands.ts';
import { addExplain, addSign } from './signing-commands.ts';
import { type Terminal, UsageError } from './terminal.ts';

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

const HELP = `
Credentials come from CPG_BASE_URL, CPG_KEY_ID and CPG_SECRET, or from the JSON file named by --credentials or
CPG_CREDENTIALS; never from the command line, which other users of this machine can read.`;

/** The whole command line. */
export const makeProgram = (terminal: Terminal): Command => {
  const program = new Command('cpg')
    .description('Talks to the CPG payment API')
    .version(packageJson.version)
    .option('--credentials <file>', 'JSON file with baseUrl, keyId and secret, readable by you alone')
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
