import { readFileSync, statSync } from 'node:fs';
import { CpgClient } from '../client.ts';
import type { Credentials } from '../signing/request-signer.ts';
import { type Terminal, UsageError } from './terminal.ts';

/** The terminal and the credentials file of a command. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The file named by `--credentials`. */
  readonly credentialsFile: () => string | undefined;
}

/** Runs a command with a client and closes the client afterwards. */
export const withClient = async (
  { terminal, credentialsFile }: CommandContext,
  run: (client: CpgClient) => Promise<void>,
): Promise<void> => {
  const credentials = readCredentials(terminal.env, credentialsFile(), ['baseUrl', 'keyId', 'secret']);
  const client = new CpgClient({
    ...credentials,
    onRetry: ({ operation, code, delayMs }) =>
      terminal.note(`${operation}: ${code}, retrying in ${Math.ceil(delayMs / 1000)} s`),
  });
  try {
    await run(client);
  } finally {
    client.close();
  }
};

/** Indented JSON, as printed by `--json`. */
export const formatJson = (value: unknown): string => JSON.stringify(value, null, 2);

interface CliCredentials extends Credentials {
  readonly baseUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES = { baseUrl: 'CPG_BASE_URL', keyId: 'CPG_KEY_ID', secret: 'CPG_SECRET' } as const;

/**
 * Reads credentials from `CPG_BASE_URL`, `CPG_KEY_ID` and `CPG_SECRET`. Unset variables are read from the
 * JSON file (`{"baseUrl", "keyId", "secret"}`) named by `--credentials` or `CPG_CREDENTIALS`. Command-line
 * arguments are no source, because other users of the machine can read them.
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
      `Missing credentials: set ${missing.join(' and ')}, or pass --credentials with a JSON file {"baseUrl": "…", "keyId": "…", "secret": "…"}.`,
    );
  }
  return Object.fromEntries(found) as Pick<CliCredentials, Name>;
};

const readFile = (path: string): Partial<Record<string, string>> => {
  const isOpen = process.platform !== 'win32' && (getMode(path) & 0o077) !== 0;
  if (isOpen) throw new UsageError(`${path} must not be readable by other users. Fix: chmod 600 ${path}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // The parser's message would quote the file.
    throw new UsageError(`${path} must be JSON: expected {"baseUrl": "…", "keyId": "…", "secret": "…"}.`);
  }
  const values = Object.entries(parsed ?? {}).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(values) as Partial<Record<string, string>>;
};

const getMode = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`The file ${path} does not exist.`);
  return stat.mode;
};
