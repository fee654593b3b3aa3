import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addBalances } from './commands/balances.ts';
import { addExplain } from './commands/explain.ts';
import { addPing } from './commands/ping.ts';
import { addSign } from './commands/sign.ts';
import { addTransactions } from './commands/transactions.ts';
import { addWithdraw } from './commands/withdraw.ts';
import type { Terminal } from './terminal.ts';

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
