import { type Command, Option } from 'commander';
import type { AdapterCommand } from '../adapter/adapter.ts';
import { clientSuite } from '../client/cases/client-suite.ts';
import type { Plan } from '../core/run.ts';
import { adapterVectorSuite, protocolSuite } from '../vectors/vectors-suite.ts';
import { UsageError } from './inputs.ts';
import { perform, runningCommand, type SharedOptions } from './perform.ts';

export interface AdapterOptions {
  readonly adapter?: string;
  readonly exec?: string;
  readonly oneShot?: boolean;
}

const NAMES = ['adapter', 'exec'] as const;

/** Adds the options that start an adapter. Both names work everywhere; the help shows one of them. */
export const addAdapterOptions = (command: Command, shown: (typeof NAMES)[number]): Command => {
  for (const name of NAMES) {
    const about = 'command line that starts the adapter, e.g. "python3 adapter.py"';
    command.addOption(new Option(`--${name} <command>`, about).hideHelp(name !== shown));
  }
  return command.option(
    '--one-shot',
    'start the command once for each request, with its input in CPG_* variables',
  );
};

/** The command of the adapter option, if given. Throws a `UsageError` for two of them. */
export const getAdapterCommand = ({
  adapter,
  exec,
  oneShot = false,
}: AdapterOptions): AdapterCommand | undefined => {
  if (adapter !== undefined && exec !== undefined)
    throw new UsageError('--adapter and --exec are two names of one option: pass one of them.');
  const commandLine = adapter ?? exec;
  if (commandLine !== undefined) return { commandLine, isOneShot: oneShot };
  if (oneShot) throw new UsageError('--one-shot needs an adapter: pass --adapter or --exec.');
  return undefined;
};

/**
 * Must be requested: it says nothing about another implementation, and must not hide one that was not tried.
 */
export const SELF_OPTION = ['--self', 'judge @cpg/protocol itself, to check the installation'] as const;

type VectorsOptions = SharedOptions & AdapterOptions & { readonly self?: boolean };

const planVectors = (options: VectorsOptions) => {
  const command = getAdapterCommand(options);
  const { self = false } = options;
  if (command === undefined && !self)
    throw new UsageError(
      'vectors needs --adapter <command> for your signer or verifier, or --self for @cpg/protocol itself.',
    );
  return (plan: Plan): void => {
    if (self) plan.add(protocolSuite(plan));
    if (command !== undefined) plan.add(adapterVectorSuite(command, plan));
  };
};

export const vectorsCommand = (exit: (code: number) => void): Command =>
  addAdapterOptions(runningCommand('vectors', 'layer 1: vectors and verdicts in memory, no I/O'), 'adapter')
    .option(...SELF_OPTION)
    .action(async (options: VectorsOptions, command: Command) =>
      exit(await perform(planVectors(options), options, command)),
    );

type ClientOptions = SharedOptions & AdapterOptions;

const planClient = (options: ClientOptions) => {
  const command = getAdapterCommand(options);
  if (command === undefined)
    throw new UsageError('client needs --exec <command>, the command line that starts your adapter.');
  return (plan: Plan): void => plan.add(clientSuite(command, plan));
};

export const clientCommand = (exit: (code: number) => void): Command =>
  addAdapterOptions(runningCommand('client', 'layer 2: what a client sends'), 'exec').action(
    async (options: ClientOptions, command: Command) =>
      exit(await perform(planClient(options), options, command)),
  );
