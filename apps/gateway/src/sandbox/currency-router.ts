import type { ConsoleCurrency } from '@cpg/console/api';
import { toDecimal, upperCaseAscii, validationFailed } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import { createAccount, hasAccount } from '../ledger/accounts.ts';
import { changeCurrency, hasCurrency, listAllCurrencies, setCurrencyAccess } from '../ledger/currencies.ts';
import { isAccountId, isAmount, isPercentage } from '../operator-input.ts';
import type { Services } from '../services.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import { done, lineOfText, sandboxRoute, storableText } from './sandbox-route.ts';

const account = storableText.default(DEMO_ACCOUNT);
const name = storableText.transform(upperCaseAscii);
const amount = z
  .string({ error: 'Input should be a decimal string' })
  .refine(isAmount, { error: 'Input should be a decimal string' })
  .optional();
const percent = z
  .string({ error: 'Input should be a percentage' })
  .refine(isPercentage, { error: 'Input should be a percentage such as 0.5' })
  .optional();
const id = { currency: name, network: name };
const terms = z.strictObject({
  ...id,
  active: z.boolean().optional(),
  min_deposit_amount: amount,
  min_withdrawal_amount: amount,
  withdrawal_fee_flat: amount,
  withdrawal_fee_percent: percent,
});
const access = z.strictObject({
  ...id,
  account_id: account,
  deposit_enabled: z.boolean(),
  withdrawal_enabled: z.boolean(),
});
const accountId = z.string().refine(isAccountId, {
  error: 'Input should be 1 to 128 characters of A-Z a-z 0-9 _ - .',
});

/** Turns currencies on and off, sets their terms, and creates accounts. */
export const createCurrencyRouter = ({ db }: Services): Router => {
  const router = express.Router();
  router.get(
    '/currencies',
    sandboxRoute(z.object({ account }), (input) => listForAccount(db, input.account)),
  );
  router.patch(
    '/currencies/:currency/:network',
    sandboxRoute(terms, ({ currency, network, ...rest }) => {
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      return Object.keys(given).length === 0
        ? Promise.resolve(validationFailed('Nothing to change'))
        : done(changeCurrency(db, { currency, network }, given));
    }),
  );
  router.put(
    '/currencies/:currency/:network/access',
    sandboxRoute(access, async ({ account_id, currency, network, ...enabled }) => {
      if (!(await hasAccount(db, account_id)))
        return validationFailed('account_id: There is no such account');
      if (!(await hasCurrency(db, { currency, network }))) return undefined;
      await inTransaction(db, (transaction) =>
        setCurrencyAccess(transaction, { accountId: account_id, currency, network }, enabled),
      );
      return { done: true };
    }),
  );
  router.post(
    '/accounts',
    sandboxRoute(z.strictObject({ id: accountId, name: lineOfText.default('') }), async (input) => {
      const created = await inTransaction(db, (transaction) =>
        createAccount(transaction, { id: input.id, name: input.name || input.id }),
      );
      return created ? { id: input.id } : validationFailed('id: This account already exists');
    }),
  );
  return router;
};

const listForAccount = async (db: Database, id: string): Promise<ConsoleCurrency[]> => {
  const own = await db
    .selectFrom('account_currency')
    .select(['currency', 'network', 'deposit_enabled', 'withdrawal_enabled'])
    .where('account_id', '=', id)
    .execute();
  const format = (text: string) => toDecimal(text).toFixed();
  return (await listAllCurrencies(db)).map((row) => {
    const found = own.find(({ currency, network }) => currency === row.currency && network === row.network);
    return {
      currency: row.currency,
      network: row.network,
      name: row.name,
      decimals: row.decimals,
      contract_address: row.contract_address,
      active: row.active,
      deposit_enabled: found?.deposit_enabled ?? false,
      withdrawal_enabled: found?.withdrawal_enabled ?? false,
      min_deposit_amount: format(row.min_deposit_amount),
      min_withdrawal_amount: format(row.min_withdrawal_amount),
      withdrawal_fee_flat: format(row.withdrawal_fee_flat),
      withdrawal_fee_percent: format(row.withdrawal_fee_percent),
    };
  });
};
