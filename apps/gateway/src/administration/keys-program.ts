import { isKeyId, PERMISSIONS, type Permission } from '@cpg/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Transaction } from 'kysely';
import { addressRange } from '../address-range.ts';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import {
  changeApiKey,
  createApiKey,
  createKeyId,
  createKeySecret,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from '../keys/api-keys.ts';
import { createAccount, isDemoAccount } from '../ledger/accounts.ts';
import { seedCurrencies } from '../ledger/currencies.ts';
import { getRetirement, MAX_OVERLAP_HOURS, MAX_RATE_LIMIT } from '../operator-input.ts';
import { assertAccountExists, parseAccountId, parseName, parseWholeNumber } from './arguments.ts';
import type { ProgramOptions } from './run-program.ts';

type Executor = Database | Transaction<Schema>;

const CREATE_ACCOUNT = 'add --create-account to create it with this key';

const parseKeyId = (text: string): string => {
  if (isKeyId(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 128 characters of A-Z a-z 0-9 _ - .');
};
const parseSourceIp = (text: string, earlier: readonly string[] = []) => {
  if (addressRange.safeParse(text).success) return [...earlier, text];
  throw new InvalidArgumentError('Expected an IP address or a CIDR range.');
};

interface CreateOptions {
  readonly account: string;
  readonly key: string;
  readonly permission: readonly Permission[];
  readonly sourceIp?: readonly string[];
  readonly rateLimit: number;
  readonly label?: string;
  readonly createAccount?: true;
}

interface ChangeOptions {
  readonly label?: string;
  readonly permission?: readonly Permission[];
  readonly sourceIp?: readonly string[];
  readonly anySource?: true;
  readonly rateLimit?: number;
}

const createAccountWithCurrencies = async (db: Transaction<Schema>, accountId: string): Promise<void> => {
  // Demo keys are published: only the sandbox may serve a database that contains demo accounts.
  if (isDemoAccount(accountId))
    throw new Error(`Account ${accountId} is reserved for the sandbox. Fix: choose another id`);
  await seedCurrencies(db);
  if (!(await createAccount(db, { id: accountId, name: accountId })))
    throw new Error(`Account ${accountId} already exists. Fix: omit --create-account`);
};

const assertUnusedKeyId = async (db: Executor, keyId: string): Promise<void> => {
  const key = await db.selectFrom('api_key').select('key_id').where('key_id', '=', keyId).executeTakeFirst();
  if (key !== undefined) throw new Error(`Key ${keyId} already exists. Fix: rotate it to get a new secret`);
};

const formatSecret = (keyId: string, secret: string) =>
  `key id  ${keyId}\nsecret  ${secret}\nStore the secret now: it is not shown again.\n`;

/**
 * The command line of `npm run gateway:keys`.
 *
 * @throws Error when a command fails, CommanderError when its arguments are invalid.
 */
export const keysProgram = ({ open, print, printSecret }: ProgramOptions): Command => {
  const program = new Command('gateway:keys').description('Create, change, rotate, revoke and list API keys');

  program
    .command('create')
    .description('create a key and print its secret')
    .addOption(
      new Option('--account <id>', 'account that owns the key')
        .argParser(parseAccountId)
        .makeOptionMandatory(),
    )
    .option('--label <name>', 'its name, for people', parseName)
    .option('--create-account', 'create the account first, with every active currency')
    .addOption(new Option('--key <id>', 'key id').argParser(parseKeyId).default(undefined, 'random'))
    .addOption(
      new Option('--permission <permission...>', 'permissions of the key')
        .choices(PERMISSIONS)
        .default([...PERMISSIONS], 'all'),
    )
    .option(
      '--source-ip <address>',
      'address or CIDR range allowed to use the key; repeatable',
      parseSourceIp,
    )
    .option('--rate-limit <requests>', 'requests per minute', parseWholeNumber(1, MAX_RATE_LIMIT), 600)
    .action(
      async ({ account, key = createKeyId(), permission, sourceIp, rateLimit, ...rest }: CreateOptions) => {
        const secret = createKeySecret();
        const { db, box } = await open();
        await inTransaction(db, async (transaction) => {
          if (rest.createAccount) await createAccountWithCurrencies(transaction, account);
          else await assertAccountExists(transaction, account, CREATE_ACCOUNT);
          await assertUnusedKeyId(transaction, key);
          await createApiKey(transaction, box, {
            keyId: key,
            accountId: account,
            secret,
            label: rest.label ?? '',
            permissions: permission,
            ...(sourceIp === undefined ? {} : { sourceIps: sourceIp }),
            rateLimitPerMinute: rateLimit,
          });
          await printSecret(formatSecret(key, secret));
        });
      },
    );

  program
    .command('change')
    .description('change what a key may do, within two seconds; what is not given stays')
    .argument('<key id>', '', parseKeyId)
    .option('--label <name>', "its name, for people; '' for none", (text) =>
      text === '' ? '' : parseName(text),
    )
    .addOption(new Option('--permission <permission...>', 'permissions of the key').choices(PERMISSIONS))
    .option(
      '--source-ip <address>',
      'address or CIDR range allowed to use the key; repeatable, replaces all',
      parseSourceIp,
    )
    .option('--any-source', 'allow any address')
    .option('--rate-limit <requests>', 'requests per minute', parseWholeNumber(1, MAX_RATE_LIMIT))
    .action(async (keyId: string, changes: ChangeOptions) => {
      if (Object.keys(changes).length === 0) throw new Error('Nothing to change. Fix: add an option');
      const { db } = await open();
      const key = (await listApiKeys(db, new Date())).find((row) => row.keyId === keyId);
      const isChanged =
        key !== undefined &&
        (await changeApiKey(db, keyId, {
          label: changes.label ?? key.label,
          permissions: changes.permission ?? (key.permissions as readonly Permission[]),
          sourceIps: changes.anySource ? [] : (changes.sourceIp ?? key.sourceIps ?? []),
          rateLimitPerMinute: changes.rateLimit ?? key.rateLimitPerMinute,
        }));
      if (!isChanged) throw new Error(`No active key ${keyId}`);
      print(`${keyId} is changed.\n`);
    });

  program
    .command('rotate')
    .description('replace the secret of a key; the previous one keeps working during the overlap')
    .argument('<key id>', '', parseKeyId)
    .option(
      '--overlap <hours>',
      'hours during which both secrets work',
      parseWholeNumber(0, MAX_OVERLAP_HOURS),
      24,
    )
    .action(async (keyId: string, { overlap }: { readonly overlap: number }) => {
      const secret = createKeySecret();
      const at = new Date();
      const { db, box } = await open();
      const retireAt = getRetirement(at, overlap);
      const onStored = () => printSecret(formatSecret(keyId, secret));
      if (!(await rotateApiKey(db, box, { keyId, secret, at, retireAt, onStored })))
        throw new Error(`No active key ${keyId}`);
      print(`The previous secret works until ${retireAt.toISOString()}.\n`);
    });

  program
    .command('revoke')
    .description('revoke a key permanently')
    .argument('<key id>', '', parseKeyId)
    .action(async (keyId: string) => {
      const { db } = await open();
      if (!(await revokeApiKey(db, keyId, new Date()))) throw new Error(`No active key ${keyId}`);
      print(`${keyId} is revoked.\n`);
    });

  program
    .command('list')
    .description('list all keys, without secrets')
    .action(async () => {
      const { db } = await open();
      for (const key of await listApiKeys(db, new Date())) {
        const state = key.isRevoked ? 'revoked' : `${key.activeSecrets} active secret(s)`;
        const from = key.sourceIps === null ? 'anywhere' : key.sourceIps.join(' ');
        print(
          `${key.keyId}  ${key.accountId}  ${state}  ${key.rateLimitPerMinute}/min  from ${from}  ${key.permissions.join(' ') || 'no permissions'}${key.label && `  (${key.label})`}\n`,
        );
      }
    });

  return program;
};
