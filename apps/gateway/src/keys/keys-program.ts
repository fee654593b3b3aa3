import { randomBytes } from 'node:crypto';
import { isKeyId, PERMISSIONS, type Permission } from '@cpg/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Transaction } from 'kysely';
import { addressRange } from '../address-range.ts';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import { createAccount, isDemoAccount } from '../ledger/accounts.ts';
import { seedCurrencies } from '../ledger/currencies.ts';
import type { Services } from '../services.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from './api-keys.ts';

type Executor = Database | Transaction<Schema>;

export type KeyServices = Pick<Services, 'db' | 'box'>;

export interface KeysProgramOptions {
  /** Opened when a command runs, so that `--help` needs no database. */
  readonly open: () => Promise<KeyServices>;
  readonly print: (text: string) => void;
}

const HOUR_MS = 3_600_000;
const MAX_RATE_LIMIT = 1_000_000;
const MAX_OVERLAP_HOURS = 24 * 365;
const newSecret = () => `cpg_${randomBytes(32).toString('base64url')}`;
const newKeyId = () => `ck_${randomBytes(12).toString('hex')}`;

const readKeyId = (text: string): string => {
  if (isKeyId(text)) return text;
  throw new InvalidArgumentError('A key id has 1 to 128 characters of A-Z a-z 0-9 _ - .');
};
const readAccountId = (text: string): string => {
  if (/^[\w.-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError('An account id has 1 to 128 characters of A-Z a-z 0-9 _ - .');
};
// Matched before it is converted: Number takes '', '1e3' and '0x10' too, and an empty overlap would end a secret at once.
const readNumber = (minimum: number, maximum: number) => (text: string) => {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new InvalidArgumentError(`A whole number from ${minimum} to ${maximum} is expected.`);
};
const readSourceIp = (text: string, earlier: readonly string[] = []) => {
  if (addressRange.safeParse(text).success) return [...earlier, text];
  throw new InvalidArgumentError('An IP address or CIDR range is expected.');
};

interface CreateOptions {
  readonly account: string;
  readonly key: string;
  readonly permission: readonly Permission[];
  readonly sourceIp?: readonly string[];
  readonly rateLimit: number;
  readonly createAccount?: true;
}

const assertAccount = async (db: Executor, accountId: string): Promise<void> => {
  const account = await db.selectFrom('account').select('id').where('id', '=', accountId).executeTakeFirst();
  if (account === undefined)
    throw new Error(`There is no account ${accountId}; add --create-account to open it with this key`);
};

const openAccount = async (db: Transaction<Schema>, accountId: string): Promise<void> => {
  // The demo's own are published: no gateway but the sandbox serves a database that has them.
  if (isDemoAccount(accountId)) throw new Error(`${accountId} is an account of the sandbox; take another id`);
  await seedCurrencies(db);
  if (!(await createAccount(db, { id: accountId, name: accountId })))
    throw new Error(`There is an account ${accountId} already; leave out --create-account`);
};

const assertFreeKey = async (db: Executor, keyId: string): Promise<void> => {
  const key = await db.selectFrom('api_key').select('key_id').where('key_id', '=', keyId).executeTakeFirst();
  if (key !== undefined) throw new Error(`There is a key ${keyId} already; rotate it for a new secret`);
};

const shown = (keyId: string, secret: string) =>
  `key id  ${keyId}\nsecret  ${secret}\nThe secret is shown this once; only its encryption is kept.\n`;

/** The command line of `npm run gateway:keys`. Throws for what cannot be done. */
export const keysProgram = ({ open, print }: KeysProgramOptions): Command => {
  const program = new Command('gateway:keys').description('Creates, rotates, revokes and lists API keys');

  program
    .command('create')
    .description('creates a key and shows its secret, once')
    .addOption(
      new Option('--account <id>', 'the account it belongs to')
        .argParser(readAccountId)
        .makeOptionMandatory(),
    )
    .option('--create-account', 'opens the account first, for every active currency')
    .addOption(new Option('--key <id>', 'its key id').argParser(readKeyId).default(undefined, 'made up'))
    .addOption(
      new Option('--permission <permission...>', 'what it may do')
        .choices(PERMISSIONS)
        .default([...PERMISSIONS], 'everything'),
    )
    .option('--source-ip <address>', 'an address or range it may be used from; may be repeated', readSourceIp)
    .option('--rate-limit <requests>', 'requests a minute', readNumber(1, MAX_RATE_LIMIT), 600)
    .action(
      async ({ account, key = newKeyId(), permission, sourceIp, rateLimit, ...rest }: CreateOptions) => {
        const secret = newSecret();
        const { db, box } = await open();
        await inTransaction(db, async (transaction) => {
          if (rest.createAccount) await openAccount(transaction, account);
          else await assertAccount(transaction, account);
          await assertFreeKey(transaction, key);
          await createApiKey(transaction, box, {
            keyId: key,
            accountId: account,
            secret,
            permissions: permission,
            ...(sourceIp === undefined ? {} : { sourceIps: sourceIp }),
            rateLimitPerMinute: rateLimit,
          });
        });
        print(shown(key, secret));
      },
    );

  program
    .command('rotate')
    .description('gives a key a new secret; the one before goes on working for a while')
    .argument('<key id>', '', readKeyId)
    .option('--overlap <hours>', 'hours for which both work', readNumber(0, MAX_OVERLAP_HOURS), 24)
    .action(async (keyId: string, { overlap }: { readonly overlap: number }) => {
      const secret = newSecret();
      const at = new Date();
      const { db, box } = await open();
      const retireAt = new Date(at.getTime() + overlap * HOUR_MS);
      if (!(await rotateApiKey(db, box, { keyId, secret, at, retireAt })))
        throw new Error(`No live key ${keyId}`);
      print(`${shown(keyId, secret)}The secret before it works until ${retireAt.toISOString()}.\n`);
    });

  program
    .command('revoke')
    .description('ends a key at once and for good')
    .argument('<key id>', '', readKeyId)
    .action(async (keyId: string) => {
      const { db } = await open();
      if (!(await revokeApiKey(db, keyId, new Date()))) throw new Error(`No live key ${keyId}`);
      print(`${keyId} is revoked.\n`);
    });

  program
    .command('list')
    .description('lists all keys, without their secrets')
    .action(async () => {
      const { db } = await open();
      for (const key of await listApiKeys(db, new Date())) {
        const state = key.isRevoked ? 'revoked' : `${key.liveSecrets} live secret(s)`;
        const from = key.sourceIps === null ? 'anywhere' : key.sourceIps.join(' ');
        print(
          `${key.keyId}  ${key.accountId}  ${state}  ${key.rateLimitPerMinute}/min  from ${from}  ${key.permissions.join(' ') || 'no permission'}\n`,
        );
      }
    });

  return program;
};
