import type { Command } from 'commander';
import type { Plan } from '../core/run.ts';
import { adapterVectorSuite, protocolSuite } from '../vectors/vectors-suite.ts';
import { type AdapterOptions, adapterOf, withAdapter } from './adapter-options.ts';
import { perform, type SharedOptions } from './perform.ts';
import { runningCommand } from './running-command.ts';
import { SELF } from './self-option.ts';
import { UsageError } from './usage-error.ts';

type VectorsOptions = SharedOptions & AdapterOptions & { readonly self?: boolean };

const planVectors = (options: VectorsOptions) => {
  const command = adapterOf(options);
  const { self = false } = options;
  if (command === undefined && !self)
    throw new UsageError(
      'vectors needs something to judge: --adapter <command> for your signer or verifier, or --self for @cpg/protocol itself.',
    );
  return (plan: Plan): void => {
    if (self) plan.add(protocolSuite(plan));
    if (command !== undefined) plan.add(adapterVectorSuite(command, plan));
  };
};

export const vectorsCommand = (exit: (code: number) => void): Command =>
  withAdapter(runningCommand('vectors', 'layer 1: vectors and verdicts in memory, no I/O'), 'adapter')
    .option(...SELF)
    .action(async (options: VectorsOptions) => exit(await perform(planVectors(options), options)));
