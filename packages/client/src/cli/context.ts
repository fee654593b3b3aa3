import { readFileSync, statSync } from 'node:fs';
import { CpgClient } from '../client.ts';
import type { Credentials } from '../signing/request-signer.ts';
import { type Terminal, UsageError } from './terminal.ts';

/** What a command needs: the terminal, and a client made of the credentials. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The file that `--credentials` names. */
  readonly credentialsFile: () => string | undefined;
}

/** Runs with a client that is closed afterwards. */
export const withClient = async (
  { terminal, credentialsFile }: CommandContext,
  run: (client: CpgClient) => Promise<void>,
): Promise<void> => {
  const credentials = readCredentials(terminal.env, credentialsFile(), ['baseUrl', 'keyId', 'secret']);
  const client = new CpgClient({
    ...credentials,
    onRetry: ({ operation, code, delayMs }) =>
      terminal.note(`${operation}: ${code}, trying again in ${Math.ceil(delayMs / 1000)} s`),
  });
  try {
    await run(client);
  } finally {
    client.close();
  }
};

/** Pretty JSON, as `--json` prints it. */
export const toJson = (value: unknown): string => JSON.stringify(value, null, 2);

export interface CliCredentials extends Credentials {
  readonly baseUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES = { baseUrl: 'CPG_BASE_URL', keyId: 'CPG_KEY_ID', secret: 'CPG_SECRET' } as const;

/**
 * Reads credentials from `CPG_BASE_URL`, `CPG_KEY_ID` and `CPG_SECRET`; what is not set there comes from the JSON file
 * (`{"baseUrl", "keyId", "secret"}`) that `--credentials` or `CPG_CREDENTIALS` names. Never from the command line, which
 * every other user of the machine can read.
 */
export const readCredentials = <Name extends keyof CliCredentials>(
  env: Environment,
  file: string | undefined,
  names: readonly Name[],
): Pick<CliCredentials, Name> => {
  const path = file ?? env.CPG_CREDENTIALS;
  const stored = path === undefined ? {} : readFile(path);
  const found = names.map((name) => [name, env[VARIABLES[name]] ?? stored[name]] as const);
  const missing = found
    .filter(([, value]) => value === undefined || value === '')
    .map(([name]) => VARIABLES[name]);
  if (missing.length > 0) {
    throw new UsageError(
      `Set ${missing.join(' and ')} in the environment, or name a file with --credentials: {"baseUrl": "…", "keyId": "…", "secret": "…"}.`,
    );
  }
  return Object.fromEntries(found) as Pick<CliCredentials, Name>;
};

const readFile = (path: string): Partial<Record<string, string>> => {
  const isOpen = process.platform !== 'win32' && (statOf(path) & 0o077) !== 0;
  if (isOpen) throw new UsageError(`${path} can be read by others: chmod 600 it.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // The parser's own message would quote the file.
    throw new UsageError(`${path} is not JSON: expected {"baseUrl": "…", "keyId": "…", "secret": "…"}.`);
  }
  const values = Object.entries(parsed ?? {}).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(values) as Partial<Record<string, string>>;
};

const statOf = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`There is no file ${path}.`);
  return stat.mode;
};
