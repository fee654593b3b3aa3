import type { Command } from 'commander';
import { clientSuite } from '../client/client-suite.ts';
import { ADAPTER, type AdapterOptions, adapterCommand, ONE_SHOT } from './adapter-options.ts';
import { perform, type SharedOptions } from './perform.ts';
import { runningCommand } from './running-command.ts';

type ClientOptions = SharedOptions & AdapterOptions & { readonly exec: string };

export const clientCommand = (exit: (code: number) => void): Command =>
  runningCommand('client', 'layer 2: what a client puts on the wire')
    .requiredOption('--exec <command>', ADAPTER)
    .option('--one-shot', ONE_SHOT)
    .action(async (options: ClientOptions) =>
      exit(
        await perform((plan) => plan.add(clientSuite(adapterCommand(options.exec, options), plan)), options),
      ),
    );
