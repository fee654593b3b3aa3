import type { Command } from 'commander';
import type { NoResponseEvent, RequestEvent, ResponseEvent } from '../call/observer.ts';
import type { CpgClient, CpgClientOptions } from '../client.ts';
import { type CredentialSource, readCredentials } from './credentials.ts';
import { formatVisible } from './format.ts';
import type { Terminal } from './terminal.ts';

/** Options that every command has. */
export interface GlobalFlags {
  readonly json?: true;
  readonly debug?: true;
  readonly profile?: string;
  readonly credentials?: string;
}

/** What a command found out. It is printed once, when the command ends. */
export interface CommandResult {
  /** Printed by `--json`, with `success` and `message` in front: an envelope like those of the gateway. */
  readonly document: object;
  /** Printed otherwise. */
  readonly text: () => string;
  /** Why the command failed although all calls succeeded; exit code 1. */
  readonly failure?: string | undefined;
}

/** Passed to every command. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly flags: GlobalFlags;
  readonly program: Command;
  /** Stores what is known so far. It is printed if the command fails or is interrupted afterwards. */
  keep(result: CommandResult): void;
  /** Ends the command on Ctrl-C, SIGTERM or SIGHUP with exit code 130, after `stop` had an effect. */
  interruptWith(stop: () => void): () => void;
}

/**
 * Runs one command with the flags of its own and its arguments. Returns its result, or nothing if it printed
 * lines while it was running.
 */
export type CommandHandler<Flags> = (
  context: CommandContext,
  flags: Flags,
  args: readonly string[],
) => Promise<CommandResult | undefined>;

/** Where a command reads its credentials. */
export const getCredentialSource = ({ terminal, flags }: CommandContext): CredentialSource => ({
  env: terminal.env,
  credentials: flags.credentials,
  profile: flags.profile,
});

/** Runs a command with a client and closes the client afterwards, and when the command is interrupted. */
export const withClient = <Result>(
  context: CommandContext,
  run: (client: CpgClient) => Promise<Result>,
): Promise<Result> =>
  withClientOf(context, readCredentials(getCredentialSource(context), ['baseUrl', 'keyId', 'secret']), run);

type ClientCredentials = Pick<CpgClientOptions, 'baseUrl' | 'keyId' | 'secret'>;

/** Like {@link withClient}, with given credentials. */
export const withClientOf = async <Result>(
  context: CommandContext,
  { baseUrl, keyId, secret }: ClientCredentials,
  run: (client: CpgClient) => Promise<Result>,
): Promise<Result> => {
  const { terminal, flags } = context;
  const [{ CpgClient }, { fetchTransport }] = await Promise.all([
    import('../client.ts'),
    import('../transport/fetch-transport.ts'),
  ]);
  const client = new CpgClient({
    ...{ baseUrl, keyId, secret },
    ...(hasProxy(terminal) ? {} : { transport: fetchTransport() }),
    onRetry: ({ operation, code, delayMs }) =>
      terminal.note(`${operation}: ${code}, retrying in ${Math.ceil(delayMs / 1000)} s`),
    ...(flags.debug ? createDebugHooks(terminal) : {}),
  });
  const release = context.interruptWith(() => client.close());
  try {
    return await run(client);
  } finally {
    release();
    client.close();
  }
};

/** Whether requests may have to pass a proxy: axios finds the one that applies, and takes longer to load than `fetch`. */
const hasProxy = ({ env }: Terminal): boolean =>
  Object.entries(env).some(([name, value]) => value && /^(?:npm_config_)?(?:https?|all)_proxy$/i.test(name));

/** Prints every request and response to standard error. The hooks receive no secret and no signature. */
const createDebugHooks = ({ note }: Terminal) => ({
  onRequest: ({ method, url, headers, bodyBytes }: RequestEvent) =>
    note(['', `> ${method} ${url}`, ...formatHeaders('>', headers), `> (${bodyBytes} bytes)`].join('\n')),
  onResponse: ({ status, durationMs, headers }: ResponseEvent) =>
    note([`< ${status} (${Math.round(durationMs)} ms)`, ...formatHeaders('<', headers), ''].join('\n')),
  onNoResponse: ({ code, message, durationMs }: NoResponseEvent) =>
    note(`< no response (${Math.round(durationMs)} ms): ${formatVisible(message)} (${code})\n`),
});

const formatHeaders = (prefix: string, headers: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.entries(headers).map(([name, value]) => `${prefix} ${name}: ${formatVisible(String(value))}`);
