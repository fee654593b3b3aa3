import type { Command } from 'commander';
import { clientSuite } from '../client/client-suite.ts';
import type { Plan } from '../core/run.ts';
import { adapterVectorSuite, protocolSuite } from '../vectors/vectors-suite.ts';
import { ADAPTER, type AdapterOptions, adapterCommand, ONE_SHOT } from './adapter-options.ts';
import { perform, type SharedOptions } from './perform.ts';
import { runningCommand } from './running-command.ts';
import { planServer, SERVER_OPTIONS, type ServerOptions, withServerAbilities } from './server-options.ts';
import { UsageError } from './usage-error.ts';

type RunOptions = SharedOptions & Partial<ServerOptions> & AdapterOptions & { readonly exec?: string };

const planAll = (options: RunOptions) => {
  const { exec, url, keys } = options;
  if ((url === undefined) !== (keys === undefined))
    throw new UsageError('--url and --keys belong together: give both or neither.');
  return (plan: Plan): void => {
    plan.add(protocolSuite(plan));
    if (exec !== undefined) {
      plan.add(adapterVectorSuite(adapterCommand(exec, options), plan));
      plan.add(clientSuite(adapterCommand(exec, options), plan));
    }
    if (url !== undefined && keys !== undefined) planServer(plan, { ...options, url, keys });
  };
};

export const runCommand = (exit: (code: number) => void): Command =>
  withServerAbilities(
    runningCommand('run', 'every layer in one report')
      .option('--exec <command>', ADAPTER)
      .option('--one-shot', ONE_SHOT)
      .option(...SERVER_OPTIONS.url)
      .option(...SERVER_OPTIONS.keys),
  ).action(async (options: RunOptions) => exit(await perform(planAll(options), options)));
