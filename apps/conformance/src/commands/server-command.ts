import type { Command } from 'commander';
import { perform, type SharedOptions } from './perform.ts';
import { runningCommand } from './running-command.ts';
import { planServer, SERVER_OPTIONS, type ServerOptions, withServerAbilities } from './server-options.ts';

export const serverCommand = (exit: (code: number) => void): Command =>
  withServerAbilities(
    runningCommand('server', 'layer 3: what a server lets in, over raw sockets')
      .requiredOption(...SERVER_OPTIONS.url)
      .requiredOption(...SERVER_OPTIONS.keys),
  ).action(async (options: SharedOptions & ServerOptions) =>
    exit(await perform((plan) => planServer(plan, options), options)),
  );
