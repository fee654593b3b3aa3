import { type CommandContext, type CommandHandler, type CommandResult, withClientOf } from './context.ts';
import {
  DEFAULT_PROFILE,
  getProfilePath,
  listProfiles,
  readProfile,
  removeProfile,
  writeProfile,
} from './credentials.ts';
import { type Column, formatTable, formatVisible } from './format.ts';
import { UsageError } from './terminal.ts';

interface LoginFlags {
  readonly baseUrl?: string;
  readonly keyId?: string;
  /** False with `--no-check`. */
  readonly check: boolean;
}

/** `cpg login`: stores credentials as a profile, after a ping with them. */
export const login: CommandHandler<LoginFlags> = async (context, { check, ...flags }) => {
  const { env } = context.terminal;
  const profile = getProfileName(context);
  // Checks the name before any question.
  getProfilePath(env, profile);
  const baseUrl = await readValue(context, {
    question: 'Gateway, e.g. https://api.example.com: ',
    ...BASE_URL,
    flags,
  });
  const keyId = await readValue(context, { question: 'Key ID: ', ...KEY_ID, flags });
  const credentials = { baseUrl, keyId, secret: await readSecret(context) };
  if (check) await withClientOf(context, credentials, (client) => client.ping());
  const path = writeProfile(env, profile, credentials);
  return {
    document: { data: { profile, path, base_url: baseUrl, key_id: keyId } },
    text: () =>
      `Stored profile ${profile} (key ${formatVisible(keyId)} at ${formatVisible(baseUrl)}) in ${path}.`,
  };
};

const BASE_URL = { option: '--base-url', name: 'baseUrl', variable: 'CPG_BASE_URL' } as const;
const KEY_ID = { option: '--key-id', name: 'keyId', variable: 'CPG_KEY_ID' } as const;

interface ValueToRead {
  readonly question: string;
  readonly option: string;
  readonly name: 'baseUrl' | 'keyId';
  readonly variable: string;
  readonly flags: Omit<LoginFlags, 'check'>;
}

const readValue = async ({ terminal }: CommandContext, toRead: ValueToRead): Promise<string> => {
  const { question, option, name, variable, flags } = toRead;
  const given = flags[name] ?? terminal.env[variable];
  if (given) return given;
  const entered = terminal.isInteractive ? (await terminal.ask(question))?.trim() : undefined;
  if (entered) return entered;
  throw new UsageError(`Missing ${name}: pass ${option} or set ${variable}.`);
};

const readSecret = async ({ terminal }: CommandContext): Promise<string> => {
  const entered = terminal.isInteractive
    ? await terminal.ask('Secret (not shown): ', { hidden: true })
    : // The line feed at the end comes from the program that wrote it, not from the secret.
      (await terminal.readInput('the secret')).toString('utf8').replace(/\r?\n$/, '');
  if (entered) return entered;
  throw new UsageError('Missing secret: enter it, or pipe it to standard input.');
};

const getProfileName = ({ flags, terminal: { env } }: CommandContext): string =>
  flags.profile ?? (env.CPG_PROFILE || DEFAULT_PROFILE);

/** `cpg logout`: deletes a profile. */
export const logout: CommandHandler<object> = async (context) => {
  const profile = getProfileName(context);
  const path = removeProfile(context.terminal.env, profile);
  return { document: { data: { profile, path } }, text: () => `Deleted profile ${profile}.` };
};

interface ProfileRow {
  readonly profile: string;
  readonly key_id: string | null;
  readonly base_url: string | null;
  readonly problem: string | null;
}

const COLUMNS: readonly Column<ProfileRow>[] = [
  { title: 'PROFILE', value: ({ profile }) => profile },
  { title: 'KEY', value: ({ key_id, problem }) => key_id ?? problem ?? '–' },
  { title: 'GATEWAY', value: ({ base_url }) => base_url ?? '–' },
];

/** `cpg profiles`: lists the profiles without their secrets. */
export const profiles: CommandHandler<object> = async ({ terminal: { env } }): Promise<CommandResult> => {
  const rows = listProfiles(env).map((profile): ProfileRow => {
    try {
      const { keyId = null, baseUrl = null } = readProfile(env, profile);
      return { profile, key_id: keyId, base_url: baseUrl, problem: null };
    } catch (error) {
      return { profile, key_id: null, base_url: null, problem: (error as Error).message };
    }
  });
  return {
    document: { data: rows, data_count: rows.length },
    text: () => (rows.length === 0 ? 'No profiles. Create one: cpg login' : formatTable(COLUMNS, rows)),
  };
};
