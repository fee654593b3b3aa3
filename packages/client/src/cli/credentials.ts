import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from './terminal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment variable of each value. */
const VARIABLES = {
  baseUrl: 'CPG_BASE_URL',
  keyId: 'CPG_KEY_ID',
  secret: 'CPG_SECRET',
  webhookSecret: 'CPG_WEBHOOK_SECRET',
} as const;

type CredentialName = keyof typeof VARIABLES;
type StoredCredentials = Readonly<Partial<Record<CredentialName, string>>>;

/** Where the credentials of a command come from. */
export interface CredentialSource {
  readonly env: Environment;
  /** The JSON file named by `--credentials`. */
  readonly credentials?: string | undefined;
  /** The profile named by `--profile`. */
  readonly profile?: string | undefined;
}

/**
 * Reads credentials. Each value comes from the first of: the profile named by `--profile`; the environment
 * (`CPG_BASE_URL`, `CPG_KEY_ID`, `CPG_SECRET`, `CPG_WEBHOOK_SECRET`); the JSON file named by `--credentials` or
 * `CPG_CREDENTIALS`, otherwise the profile named by `CPG_PROFILE`, otherwise the profile `default`.
 * Command-line arguments are no source, because other users of the machine can read them.
 *
 * @throws UsageError for a missing value, and for a file that is not readable by its owner alone.
 */
export const readCredentials = <Name extends CredentialName>(
  source: CredentialSource,
  names: readonly Name[],
): Readonly<Record<Name, string>> => {
  const found = findCredentials(source);
  const missing = names.filter((name) => !found[name]);
  if (missing.length > 0) {
    const variables = missing.map((name) => VARIABLES[name]).join(' and ');
    const fields = missing.some((name) => name === 'webhookSecret')
      ? 'put "webhookSecret": "…" into the JSON file of --credentials or of a profile.'
      : 'pass --credentials with a JSON file {"baseUrl": "…", "keyId": "…", "secret": "…"}, or run cpg login.';
    throw new UsageError(`Missing credentials: set ${variables}, or ${fields}`);
  }
  return Object.fromEntries(names.map((name) => [name, found[name]])) as Record<Name, string>;
};

/** The credentials that are set, as {@link readCredentials} finds them. */
export const findCredentials = ({ env, credentials, profile }: CredentialSource): StoredCredentials => {
  const fromEnvironment = Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([name, variable]) => (env[variable] ? [[name, env[variable]]] : [])),
  );
  if (profile !== undefined) {
    if (credentials !== undefined) throw new UsageError('Pass --profile or --credentials, not both.');
    return { ...fromEnvironment, ...readProfile(env, profile) };
  }
  const file = credentials ?? env.CPG_CREDENTIALS;
  if (file) return { ...readFile(file), ...fromEnvironment };
  const isNamed = Boolean(env.CPG_PROFILE);
  const stored = isNamed || existsProfile(env) ? readProfile(env, env.CPG_PROFILE || DEFAULT_PROFILE) : {};
  return { ...stored, ...fromEnvironment };
};

const readFile = (path: string): StoredCredentials => {
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
  return Object.fromEntries(values);
};

const getMode = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`The file ${path} does not exist.`);
  return stat.mode;
};

export const DEFAULT_PROFILE = 'default';
const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `cpg` in the folder of the user's configuration: `$XDG_CONFIG_HOME`, by default `~/.config`. */
const getFolder = (env: Environment): string => {
  const { XDG_CONFIG_HOME: configured, HOME } = env;
  // The XDG specification says to ignore a relative path.
  const isUsable = configured !== undefined && isAbsolute(configured);
  return join(isUsable ? configured : join(HOME || homedir(), '.config'), 'cpg');
};

/** The file of a profile. */
export const getProfilePath = (env: Environment, profile: string): string => {
  if (!PROFILE_NAME.test(profile)) {
    throw new UsageError(
      `The name of a profile must be 1–64 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit: got ${JSON.stringify(profile)}.`,
    );
  }
  return join(getFolder(env), `${profile}.json`);
};

const existsProfile = (env: Environment, profile = DEFAULT_PROFILE): boolean =>
  statSync(getProfilePath(env, profile), { throwIfNoEntry: false }) !== undefined;

/** @throws UsageError if the profile does not exist. */
export const readProfile = (env: Environment, profile: string): StoredCredentials => {
  assertProfile(env, profile);
  return readFile(getProfilePath(env, profile));
};

const assertProfile = (env: Environment, profile: string): void => {
  if (existsProfile(env, profile)) return;
  const known = listProfiles(env).join(', ') || 'none';
  throw new UsageError(
    `There is no profile ${profile} (profiles: ${known}). Fix: cpg login --profile ${profile}`,
  );
};

/** The names of all profiles. */
export const listProfiles = (env: Environment): readonly string[] => {
  try {
    const files = readdirSync(getFolder(env)).filter((file) => file.endsWith('.json'));
    return files.map((file) => file.slice(0, -'.json'.length)).toSorted();
  } catch {
    return [];
  }
};

/** Writes a profile that only its owner can read, and returns its path. */
export const writeProfile = (env: Environment, profile: string, values: StoredCredentials): string => {
  const path = getProfilePath(env, profile);
  mkdirSync(getFolder(env), { recursive: true, mode: 0o700 });
  // Renamed into place: a crash never leaves half a file, and the secret is never readable by others.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(values, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return path;
};

/** Deletes a profile and returns its path. @throws UsageError if it does not exist. */
export const removeProfile = (env: Environment, profile: string): string => {
  assertProfile(env, profile);
  const path = getProfilePath(env, profile);
  rmSync(path);
  return path;
};
