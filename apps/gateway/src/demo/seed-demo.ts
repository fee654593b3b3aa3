import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import { inTransaction } from '../database/transactions.ts';
import { createApiKey } from '../keys/create-api-key.ts';
import { seedCurrencies } from '../ledger/default-currencies.ts';
import { enableCurrency } from '../ledger/enable-currency.ts';
import { moveBalance } from '../ledger/move-balance.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { DEMO_ACCOUNT, DEMO_KEYS, OTHER_ACCOUNT, SINGLE_PERMISSION_KEYS } from './demo-keys.ts';

const OPENING_BALANCES = [
  [DEMO_ACCOUNT, 'USDT', 'ETH', '1500'],
  [DEMO_ACCOUNT, 'USDT', 'TRX', '250'],
  [DEMO_ACCOUNT, 'ETH', 'ETH', '2'],
  [DEMO_ACCOUNT, 'BTC', 'BTC', '0.15'],
  [OTHER_ACCOUNT, 'USDT', 'ETH', '10'],
] as const;

const PENDING = { amount: '195', fee: '5', total: '200' };
const PENDING_ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

/** Writes the demo accounts, keys and balances into a database that has none yet. */
export const seedDemo = (db: Database, box: SecretBox, at: Date): Promise<void> =>
  inTransaction(db, async (transaction) => {
    // Of several processes that start at once, the one whose first row goes in writes the rest.
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
    for (const key of [...DEMO_KEYS, ...SINGLE_PERMISSION_KEYS]) await createApiKey(transaction, box, key);
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
