import { Command } from 'commander';
import { SUITE_VERSION } from '../core/version.ts';
import { clientCommand } from './client-command.ts';
import { explain } from './explain.ts';
import { exportCommand } from './export-command.ts';
import { list } from './list.ts';
import { reportCommand } from './report-command.ts';
import { runCommand } from './run-command.ts';
import { serverCommand } from './server-command.ts';
import { timingCommand } from './timing-command.ts';
import { vectorsCommand } from './vectors-command.ts';

const listCommand = (): Command =>
  new Command('list').description('every case').action(() => void process.stdout.write(list()));

const explainCommand = (): Command =>
  new Command('explain')
    .description('what one case asks for')
    .argument('<id>')
    .action((id: string) => void process.stdout.write(explain(id)));

/** The command line. `exit` is told the exit code of the command that ran. */
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
    .addCommand(listCommand())
    .addCommand(explainCommand())
    .addCommand(exportCommand());
