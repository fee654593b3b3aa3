import type { Command } from 'commander';
import { adapterVectorSuite, protocolSuite } from '../vectors/vectors-suite.ts';
import { ADAPTER, type AdapterOptions, adapterCommand, ONE_SHOT } from './adapter-options.ts';
import { perform, type SharedOptions } from './perform.ts';
import { runningCommand } from './running-command.ts';

type VectorsOptions = SharedOptions & AdapterOptions & { readonly adapter?: string };

export const vectorsCommand = (exit: (code: number) => void): Command =>
  runningCommand('vectors', 'layer 1: vectors and verdicts in memory, no I/O')
    .option('--adapter <command>', `${ADAPTER}; @cpg/protocol itself when left out`)
    .option('--one-shot', ONE_SHOT)
    .action(async (options: VectorsOptions) => {
      const { adapter } = options;
      exit(
        await perform(
          (plan) =>
            plan.add(
              adapter === undefined
                ? protocolSuite(plan)
                : adapterVectorSuite(adapterCommand(adapter, options), plan),
            ),
          options,
        ),
      );
    });
