import type { Command } from 'commander';
import { clientSuite } from '../client/cases/client-suite.ts';
import type { Plan } from '../core/run.ts';
import { adapterVectorSuite, protocolSuite } from '../vectors/vectors-suite.ts';
import {
  type AdapterOptions,
  addAdapterOptions,
  getAdapterCommand,
  SELF_OPTION,
} from './adapter-commands.ts';
import { UsageError } from './inputs.ts';
import { perform, runningCommand, type SharedOptions } from './perform.ts';
import { addServerOptions, planServer, SERVER_OPTIONS, type ServerOptions } from './server-command.ts';

type RunOptions = SharedOptions & Partial<ServerOptions> & AdapterOptions & { readonly self?: boolean };

const planAll = (options: RunOptions) => {
  const { self = false, url, keys } = options;
  const command = getAdapterCommand(options);
  if ((url === undefined) !== (keys === undefined))
    throw new UsageError('--url and --keys belong together: pass both or neither.');
  if (command === undefined && url === undefined && !self)
    throw new UsageError(
      'run needs --exec <command> for a client, --url <url> and --keys <file> for a server, or --self for @cpg/protocol itself.',
    );
  return (plan: Plan): void => {
    if (self) plan.add(protocolSuite(plan));
    if (command !== undefined) {
      plan.add(adapterVectorSuite(command, plan));
      plan.add(clientSuite(command, plan));
    }
    if (url !== undefined && keys !== undefined) planServer(plan, { ...options, url, keys });
  };
};

export const runCommand = (exit: (code: number) => void): Command =>
  addServerOptions(
    addAdapterOptions(runningCommand('run', 'every layer in one report'), 'exec')
      .option(...SELF_OPTION)
      .option(...SERVER_OPTIONS.url)
      .option(...SERVER_OPTIONS.keys),
  ).action(async (options: RunOptions, command: Command) =>
    exit(await perform(planAll(options), options, command)),
  );
