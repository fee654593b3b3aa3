import type { Command } from 'commander';
import { clientSuite } from '../client/client-suite.ts';
import type { Plan } from '../core/run.ts';
import { type AdapterOptions, adapterOf, withAdapter } from './adapter-options.ts';
import { perform, type SharedOptions } from './perform.ts';
import { runningCommand } from './running-command.ts';
import { UsageError } from './usage-error.ts';

type ClientOptions = SharedOptions & AdapterOptions;

const planClient = (options: ClientOptions) => {
  const command = adapterOf(options);
  if (command === undefined)
    throw new UsageError('client needs --exec <command>: the command line that starts your adapter.');
  return (plan: Plan): void => plan.add(clientSuite(command, plan));
};

export const clientCommand = (exit: (code: number) => void): Command =>
  withAdapter(runningCommand('client', 'layer 2: what a client puts on the wire'), 'exec').action(
    async (options: ClientOptions) => exit(await perform(planClient(options), options)),
  );
