import { Command } from 'commander';
import type { AdapterCommand } from '../adapter/start-adapter.ts';
import { clientSuite } from '../client/client-suite.ts';
import type { Plan } from '../core/run.ts';
import { SUITE_VERSION } from '../core/version.ts';
import { serverSuite } from '../server/server-suite.ts';
import { adapterVectorSuite, protocolSuite } from '../vectors/vectors-suite.ts';
import { explain } from './explain.ts';
import { list } from './list.ts';
import { perform, type SharedOptions } from './perform.ts';
import { readKeys } from './read-inputs.ts';
import { type ReportOptions, report } from './report.ts';
import { serverUrl } from './server-url.ts';
import { UsageError } from './usage-error.ts';

interface ServerArguments {
  readonly url: string;
  readonly keys: string;
  readonly clockUrl?: string;
}

interface OneShot {
  readonly oneShot?: boolean;
}

const ONE_SHOT = 'start the command once for each request, and speak to it through CPG_* variables';

const command = (commandLine: string, { oneShot = false }: OneShot): AdapterCommand => ({
  commandLine,
  isOneShot: oneShot,
});

const ADAPTER = 'command line that starts the adapter, e.g. "python3 adapter.py"';

const reportingCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--strict', 'count warnings as failures')
    .option('--jsonl <file>', 'write the results, one JSON object a line')
    .option('--junit <file>', 'write JUnit XML')
    .option('--html <file>', 'write one self-contained page')
    .option('--markdown <file>', 'write a summary for a CI job')
    .option('--badge <file>', 'write the JSON of a shields.io badge; only for a complete run');

const runningCommand = (name: string, description: string): Command =>
  reportingCommand(name, description)
    .option('--run <pattern>', 'only cases whose id fits; * stands for any characters')
    .option('--seed <text>', 'repeat a run with the same secrets and bodies')
    .option('--trace', 'write everything that goes over the wire to standard error')
    .option('--expect <file>', 'YAML list of known failures: case, reason, perhaps implementation');

const planServer = (plan: Plan, { url, keys, clockUrl }: ServerArguments): void =>
  plan.add(serverSuite({ url: serverUrl(url), keys: readKeys(keys), clockUrl }, plan));

/** The command line. `exit` is told the exit code of the command that ran. */
export const program = (exit: (code: number) => void): Command => {
  const vectors = runningCommand('vectors', 'layer 1: vectors and verdicts in memory, no I/O')
    .option('--adapter <command>', `${ADAPTER}; @cpg/protocol itself when left out`)
    .option('--one-shot', ONE_SHOT)
    .action(async (options: SharedOptions & OneShot & { readonly adapter?: string }) =>
      exit(
        await perform(
          (plan) =>
            plan.add(
              options.adapter === undefined
                ? protocolSuite(plan)
                : adapterVectorSuite(command(options.adapter, options), plan),
            ),
          options,
        ),
      ),
    );
  const client = runningCommand('client', 'layer 2: what a client puts on the wire')
    .requiredOption('--exec <command>', ADAPTER)
    .option('--one-shot', ONE_SHOT)
    .action(async (options: SharedOptions & OneShot & { readonly exec: string }) =>
      exit(await perform((plan) => plan.add(clientSuite(command(options.exec, options), plan)), options)),
    );
  const server = runningCommand('server', 'layer 3: what a server lets in, over raw sockets')
    .requiredOption('--url <url>', 'where it listens: http://host:port')
    .requiredOption('--keys <file>', 'JSON file of the keys that it knows, by role')
    .option('--clock-url <url>', 'its movable clock, for the cases that need one')
    .action(async (options: SharedOptions & ServerArguments) =>
      exit(await perform((plan) => planServer(plan, options), options)),
    );
  const run = runningCommand('run', 'every layer in one report')
    .option('--exec <command>', ADAPTER)
    .option('--one-shot', ONE_SHOT)
    .option('--url <url>', 'where the server listens: http://host:port')
    .option('--keys <file>', 'JSON file of the keys that it knows, by role')
    .option('--clock-url <url>', 'its movable clock, for the cases that need one')
    .action(
      async (options: SharedOptions & Partial<ServerArguments> & OneShot & { readonly exec?: string }) => {
        const { exec, url, keys } = options;
        if ((url === undefined) !== (keys === undefined))
          throw new UsageError('--url and --keys belong together: give both or neither.');
        const makePlan = (plan: Plan) => {
          plan.add(protocolSuite(plan));
          if (exec !== undefined) {
            plan.add(adapterVectorSuite(command(exec, options), plan));
            plan.add(clientSuite(command(exec, options), plan));
          }
          if (url !== undefined && keys !== undefined) planServer(plan, { ...options, url, keys });
        };
        exit(await perform(makePlan, options));
      },
    );
  return new Command('cpg-conformance')
    .description('Checks any client or server of the CPG payment API against its wire protocol.')
    .version(SUITE_VERSION)
    .addCommand(vectors)
    .addCommand(client)
    .addCommand(server)
    .addCommand(run)
    .addCommand(
      reportingCommand('report', 'render the results of earlier runs together')
        .argument('<results...>', 'files that --jsonl wrote')
        .action(async (files: readonly string[], options: ReportOptions) =>
          exit(await report(files, options)),
        ),
    )
    .addCommand(new Command('list').description('every case').action(() => void process.stdout.write(list())))
    .addCommand(
      new Command('explain')
        .description('what one case asks for')
        .argument('<id>')
        .action((id: string) => void process.stdout.write(explain(id))),
    );
};
