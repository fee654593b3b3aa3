import { PERMISSIONS } from '@cpg/protocol';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { StartError } from '../database/start-error.ts';
import { inTransaction } from '../database/transactions.ts';
import { createApiKey, type NewApiKey } from '../keys/api-keys.ts';
import { DEMO_ACCOUNTS, findAccountIds, isDemoAccount } from '../ledger/accounts.ts';
import { moveBalance } from '../ledger/balances.ts';
import { enableCurrency, seedCurrencies } from '../ledger/currencies.ts';

export const [DEMO_ACCOUNT, OTHER_ACCOUNT] = DEMO_ACCOUNTS;

const demoKey = (name: string, differences: Partial<NewApiKey> = {}): NewApiKey => ({
  keyId: `ck_demo_${name}`,
  secret: `cpg-demo-${name.replaceAll('_', '-')}-DO-NOT-USE-IN-PRODUCTION`,
  accountId: DEMO_ACCOUNT,
  permissions: PERMISSIONS,
  rateLimitPerMinute: 600,
  ...differences,
});

/** The demo keys, the same in every sandbox. They are published. */
export const DEMO_KEYS: readonly NewApiKey[] = [
  demoKey('full'),
  demoKey('readonly', { permissions: ['read_balance'] }),
  demoKey('noperm', { permissions: [] }),
  demoKey('revoked', { revokedAt: new Date(0) }),
  demoKey('iplisted', { sourceIps: ['203.0.113.0/24'] }),
  demoKey('ip_edges', {
    sourceIps: ['192.0.2.1', '198.51.100.64/26', '2001:db8:1::/48', '2001:db8:2::7', '::ffff:203.0.113.9'],
  }),
  demoKey('slow_a', { permissions: ['read_balance'], rateLimitPerMinute: 5 }),
  demoKey('slow_b', { permissions: ['read_balance'], rateLimitPerMinute: 5 }),
  demoKey('other', { accountId: OTHER_ACCOUNT }),
];

/** One key per permission, for the conformance suite, which tries each key on every route. */
export const SINGLE_PERMISSION_KEYS: readonly NewApiKey[] = PERMISSIONS.map((permission) =>
  demoKey(`only_${permission}`, { permissions: [permission] }),
);

/** Keys for the conformance suite, with secrets that a server may trim, decode or read in another encoding. */
export const ODD_SECRET_KEYS: readonly NewApiKey[] = [
  demoKey('odd_spaces', { secret: ' cpg-demo-odd-spaces-DO-NOT-USE-IN-PRODUCTION ' }),
  demoKey('odd_hex', { secret: Buffer.from('cpg-demo-DO-NOT-USE-IN-PRODUCTION').toString('hex') }),
  demoKey('odd_base64', { secret: Buffer.from('cpg-demo-DO-NOT-USE-IN-PRODUCTION!').toString('base64') }),
  demoKey('odd_unicode', { secret: 'cpg-demo-odd-é☃-DO-NOT-USE-IN-PRODUCTION' }),
  demoKey('odd_long', {
    secret: 'cpg-demo-odd-long-DO-NOT-USE-IN-PRODUCTION-cpg-demo-odd-long-DO-NOT-USE-IN-PRODUCTION',
  }),
];

/**
 * Protects real data from the sandbox, which can reset the database and simulate deposits.
 *
 * @throws Error when the database has accounts, but no demo account.
 */
export const assertSandboxDatabase = async (db: Database): Promise<void> => {
  const ids = await findAccountIds(db);
  if (ids.length === 0 || ids.some(isDemoAccount)) return;
  throw new StartError(
    'other_mode',
    `Expected an empty database or a sandbox database: got other accounts (${ids[0]}). Fix: run npm run gateway, or set DATABASE_URL or CPG_DATA_DIR to another database.`,
  );
};

const OPENING_BALANCES = [
  [DEMO_ACCOUNT, 'USDT', 'ETH', '1500'],
  [DEMO_ACCOUNT, 'USDT', 'TRX', '250'],
  [DEMO_ACCOUNT, 'ETH', 'ETH', '2'],
  [DEMO_ACCOUNT, 'BTC', 'BTC', '0.15'],
  [OTHER_ACCOUNT, 'USDT', 'ETH', '10'],
] as const;

const PENDING = { amount: '195', fee: '5', total: '200' };
const PENDING_ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

/** Writes the demo accounts, keys and balances into a database without them. */
export const seedDemo = (db: Database, box: SecretBox, at: Date): Promise<void> =>
  inTransaction(db, async (transaction) => {
    // Of several processes that start at once, the one that inserts this row writes the rest.
    const first = await transaction
      .insertInto('account')
      .values({ id: DEMO_ACCOUNT, name: 'Demo' })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (first === undefined) return;
    await transaction.insertInto('account').values({ id: OTHER_ACCOUNT, name: 'Other demo' }).execute();
    await seedCurrencies(transaction);
    for (const [account_id, currency, network, balance] of OPENING_BALANCES) {
      const where = { account_id, currency, network };
      await enableCurrency(transaction, { accountId: account_id, currency, network });
      await moveBalance(transaction, {
        ...where,
        kind: 'opening',
        balanceDelta: balance,
        heldDelta: '0',
        at,
      });
    }
    await seedPendingWithdrawal(transaction, at);
    for (const key of [...DEMO_KEYS, ...SINGLE_PERMISSION_KEYS, ...ODD_SECRET_KEYS])
      await createApiKey(transaction, box, key);
  });

const seedPendingWithdrawal = async (transaction: Transaction<Schema>, at: Date): Promise<void> => {
  const where = { account_id: DEMO_ACCOUNT, currency: 'USDT', network: 'ETH' };
  const { id } = await transaction
    .insertInto('withdrawal')
    .values({
      ...where,
      to_address: PENDING_ADDRESS,
      amount: PENDING.amount,
      fee: PENDING.fee,
      status: 'pending',
      chain_paused: true,
      requested_at: at,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await moveBalance(transaction, {
    ...where,
    kind: 'withdrawal_hold',
    balanceDelta: '0',
    heldDelta: PENDING.total,
    withdrawalId: id,
    at,
  });
};

/** Deletes all data, including API keys and webhooks, and seeds the demo again with the initial ids. */
export const resetDemo = async (db: Database, box: SecretBox, at: Date): Promise<void> => {
  await empty(db, MAX_ATTEMPTS);
  await seedDemo(db, box, at);
};

const MAX_ATTEMPTS = 5;
// Deadlock and lock timeout.
const CONFLICT_STATES: readonly unknown[] = ['40P01', '55P03'];

// TRUNCATE locks every table and can deadlock with the simulated chain.
const empty = async (db: Database, attempts: number): Promise<void> => {
  try {
    const tables = sql.raw('account, network, settlement_failure, audit_balance, audit_checkpoint');
    await sql`TRUNCATE ${tables} RESTART IDENTITY CASCADE`.execute(db);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (!CONFLICT_STATES.includes(code) || attempts === 1) throw error;
    await empty(db, attempts - 1);
  }
};
