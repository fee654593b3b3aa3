import { type Command, Option } from 'commander';
import type { AdapterCommand } from '../adapter/start-adapter.ts';
import { UsageError } from './usage-error.ts';

export interface AdapterOptions {
  readonly adapter?: string;
  readonly exec?: string;
  readonly oneShot?: boolean;
}

const NAMES = ['adapter', 'exec'] as const;

/** Adds the options that start an adapter. Both names are understood everywhere; the help shows the one that is named here. */
export const withAdapter = (command: Command, shown: (typeof NAMES)[number]): Command => {
  for (const name of NAMES) {
    const about = 'command line that starts the adapter, e.g. "python3 adapter.py"';
    command.addOption(new Option(`--${name} <command>`, about).hideHelp(name !== shown));
  }
  return command.option(
    '--one-shot',
    'start the command once for each request, and speak to it through CPG_* variables',
  );
};

/** The adapter that was named, if one was. Throws a `UsageError` for two of them. */
export const adapterOf = ({ adapter, exec, oneShot = false }: AdapterOptions): AdapterCommand | undefined => {
  if (adapter !== undefined && exec !== undefined)
    throw new UsageError('--adapter and --exec are two names of one option: give one of them.');
  const commandLine = adapter ?? exec;
  if (commandLine !== undefined) return { commandLine, isOneShot: oneShot };
  if (oneShot)
    throw new UsageError('--one-shot says how an adapter is started: name it with --adapter or --exec.');
  return undefined;
};
