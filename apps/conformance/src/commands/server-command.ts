import type { Command } from 'commander';
import type { Plan } from '../core/run.ts';
import { serverSuite } from '../server/cases/server-suite.ts';
import { readKeys, UsageError } from './inputs.ts';
import { perform, runningCommand, type SharedOptions } from './perform.ts';

/** Parses the URL of a server: plain HTTP, a host and an optional port. Throws a `UsageError`. */
export const serverUrl = (text: string, option = '--url'): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.username === '';
  if (url === undefined || !isPlain)
    throw new UsageError(
      `${option} must be http://host:port without a path, because the suite sends raw bytes: got ${text}. Put a TLS-terminating tunnel in between for https.`,
    );
  return url.origin;
};

/** Parses the URL of a test hook, which may have a path. Throws a `UsageError`. */
const switchUrl = (text: string | undefined, option: string): string | undefined => {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError(`${option} must be an http URL, as http://host:port/_sandbox/…: got ${text}.`);
  return url.href;
};

export interface ServerOptions {
  readonly url: string;
  readonly keys: string;
  readonly clockUrl?: string;
  readonly storeUrl?: string;
  readonly peerUrl?: string;
  readonly proxyAddress?: string;
  readonly name?: string;
  readonly start?: string;
}

/** The options of every command on a server. */
export const SERVER_OPTIONS = Object.freeze({
  url: ['--url <url>', 'where the server listens: http://host:port'],
  keys: ['--keys <file>', 'JSON file of its keys, by role'],
} as const);

/** Adds the options of the optional test hooks. Cases that need a missing one are not applicable. */
export const addServerOptions = (command: Command): Command =>
  command
    .option('--start <command>', 'command line that starts the server; stopped after the run')
    .option('--name <text>', 'name of the server in the reports, to compare runs; its URL by default')
    .option('--clock-url <url>', 'URL of its movable clock, for the cases that need one')
    .option('--store-url <url>', 'URL that switches its admission store off, for the outage cases')
    .option('--peer-url <url>', 'URL of a second instance that shares the admission store')
    .option('--proxy-address <address>', 'an address of this machine that the server trusts as a proxy');

/** Plans layer 3 from its options. Throws a `UsageError` for invalid ones. */
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
        name: options.name,
        start: options.start,
      },
      plan,
    ),
  );
};

export const serverCommand = (exit: (code: number) => void): Command =>
  addServerOptions(
    runningCommand('server', 'layer 3: what a server accepts, over raw sockets')
      .requiredOption(...SERVER_OPTIONS.url)
      .requiredOption(...SERVER_OPTIONS.keys),
  ).action(async (options: SharedOptions & ServerOptions, command: Command) =>
    exit(await perform((plan) => planServer(plan, options), options, command)),
  );
