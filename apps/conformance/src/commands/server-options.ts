import type { Command } from 'commander';
import type { Plan } from '../core/run.ts';
import { serverSuite } from '../server/server-suite.ts';
import { readKeys } from './read-inputs.ts';
import { serverUrl, switchUrl } from './server-url.ts';
import { UsageError } from './usage-error.ts';

export interface ServerOptions {
  readonly url: string;
  readonly keys: string;
  readonly clockUrl?: string;
  readonly storeUrl?: string;
  readonly peerUrl?: string;
  readonly proxyAddress?: string;
}

/** How the options of a server are described, wherever they are accepted. */
export const SERVER_OPTIONS = Object.freeze({
  url: ['--url <url>', 'where the server listens: http://host:port'],
  keys: ['--keys <file>', 'JSON file of the keys that it knows, by role'],
} as const);

/** Adds the options that say what else the server offers the cases; what needs one that is not given is not applicable. */
export const withServerAbilities = (command: Command): Command =>
  command
    .option('--clock-url <url>', 'its movable clock, for the cases that need one')
    .option('--store-url <url>', 'the switch of its admission store, for the cases of an outage')
    .option('--peer-url <url>', 'where a second instance that shares the admission store listens')
    .option('--proxy-address <address>', 'an address of this machine that the server trusts as a proxy');

/** Plans layer 3 from its options. Throws a `UsageError` for those that cannot be used. */
export const planServer = (plan: Plan, options: ServerOptions): void => {
  const { url, peerUrl, proxyAddress } = options;
  const keys = readKeys(options.keys);
  if (proxyAddress !== undefined && keys.ipEdges === undefined)
    throw new UsageError(
      `--proxy-address needs the role ipEdges in ${options.keys}: a key with every permission and the whitelist that docs/servers.md names.`,
    );
  plan.add(
    serverSuite(
      {
        url: serverUrl(url),
        keys,
        clockUrl: switchUrl(options.clockUrl, '--clock-url'),
        storeUrl: switchUrl(options.storeUrl, '--store-url'),
        peerUrl: peerUrl === undefined ? undefined : serverUrl(peerUrl, '--peer-url'),
        proxyAddress,
      },
      plan,
    ),
  );
};
