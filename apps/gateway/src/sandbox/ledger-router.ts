import type { ConsoleBalance, ConsoleDeposit, LedgerEntry, Overview } from '@cpg/console/api';
import { type Balance, type Decimal, isRejection, TRANSACTION_DIRECTIONS, toDecimal } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import { holdAndBroadcast } from '../chain/hold-and-broadcast.ts';
import type { Database } from '../database/open-database.ts';
import type { GatewayParts } from '../gateway-mode.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { listBalances } from '../ledger/balances.ts';
import {
  createDepositRequest,
  type DepositRequestRow,
  selectDepositRequests,
} from '../ledger/deposit-requests.ts';
import { getBlockHeights } from '../ledger/networks.ts';
import { listTransactions } from '../ledger/transactions.ts';
import { createWithdrawal, formatWithdrawal, listWithdrawals } from '../ledger/withdrawals.ts';
import { formatTime } from '../time.ts';
import { countDeliveries } from '../webhooks/deliveries.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import { createPage, decimalAmount, PAGE_ROWS, sandboxRoute, storableText } from './sandbox-route.ts';

const OVERVIEW_ROWS = 8;
const COURSE_ENTRIES = 300;
const MAX_COURSE = 40;

const account = z.object({ account: storableText.default(DEMO_ACCOUNT) });
const cursor = z.coerce.number({ error: 'Input should be an id' }).int().min(0).optional();
const accountPage = account.extend({ cursor });
const name = storableText.optional();
const transactionFilter = accountPage.extend({
  direction: z.enum(TRANSACTION_DIRECTIONS).optional(),
  currency: name,
  network: name,
  status: name,
});
const newDeposit = z.strictObject({
  account_id: storableText.default(DEMO_ACCOUNT),
  currency: storableText,
  network: storableText,
  user_identifier: storableText.max(256).nullable().default(null),
});
const newWithdrawal = z.strictObject({
  account_id: storableText.default(DEMO_ACCOUNT),
  currency: storableText,
  network: storableText,
  amount: decimalAmount,
  to_address: storableText,
});

/** What the console shows of the ledger, and its deposits and withdrawals, which need no signature. */
export const createLedgerRouter = (services: GatewayParts): Router => {
  const { db, clock } = services;
  const now = () => new Date(clock.now());
  const router = express.Router();
  router.get(
    '/overview',
    sandboxRoute(account, async (input) => readOverview(services, input.account)),
  );
  router.get(
    '/transactions',
    sandboxRoute(transactionFilter, async ({ account: id, cursor: before, ...filter }) => {
      const query = { ...filter, limit: PAGE_ROWS, cursor: before?.toString() };
      const { data, next_cursor } = await listTransactions(services, id, query);
      return { rows: data, next_cursor };
    }),
  );
  router.get(
    '/withdrawals',
    sandboxRoute(accountPage, async (input) => {
      const before = input.cursor;
      const rows = await listWithdrawals(db, input.account, { limit: PAGE_ROWS + 1, before });
      return createPage(rows, ({ id }) => id);
    }),
  );
  router.post(
    '/withdrawals',
    sandboxRoute(newWithdrawal, async (input) => {
      const { account_id: accountId, to_address: toAddress, ...rest } = input;
      const wanted = { accountId, toAddress, clientReference: null, ...rest, at: now() };
      const held = await createWithdrawal(db, wanted, holdAndBroadcast);
      if (isRejection(held)) return held;
      return formatWithdrawal(held);
    }),
  );
  router.get(
    '/deposit-requests',
    sandboxRoute(accountPage, async (input) =>
      createPage(await listDepositRequests(db, input.account, input.cursor), ({ request_id: id }) => id),
    ),
  );
  router.post(
    '/deposit-requests',
    sandboxRoute(newDeposit, async ({ account_id: accountId, user_identifier: userIdentifier, ...rest }) => {
      const wanted = { accountId, userIdentifier, idempotencyKey: null, ...rest, at: now() };
      const request = await createDepositRequest(db, wanted);
      return isRejection(request) ? request : toDeposit(request);
    }),
  );
  router.get(
    '/ledger-entries',
    sandboxRoute(accountPage, async (input) => {
      const rows = await listEntries(db, input.account, { limit: PAGE_ROWS + 1, before: input.cursor });
      return createPage(rows, ({ id }) => id);
    }),
  );
  return router;
};

const readOverview = async (services: GatewayParts, accountId: string): Promise<Overview> => {
  const { db, clock, apiUrl } = services;
  const [due, failed] = await Promise.all([
    countDeliveries(db, 'pending', accountId),
    countDeliveries(db, 'dead', accountId),
  ]);
  const balances = await listBalances(db, accountId, {});
  return {
    api_url: apiUrl(),
    account: accountId,
    accounts: (await listAccounts(db)).map((row) => ({
      ...row,
      keys: row.keys ?? 0,
      webhooks: row.webhooks ?? 0,
    })),
    networks: [...(await getBlockHeights(db, clock.now()))].map(([network, height]) => ({ network, height })),
    balances: await readCourses(db, accountId, balances),
    withdrawals: await listWithdrawals(db, accountId, { limit: PAGE_ROWS }),
    transactions: (await listTransactions(services, accountId, { limit: OVERVIEW_ROWS })).data,
    due_deliveries: due,
    failed_deliveries: failed,
  };
};

/** The available amount after each of the latest entries of each balance, oldest first: what is available now, backwards. */
const readCourses = async (
  db: Database,
  accountId: string,
  balances: readonly Balance[],
): Promise<readonly ConsoleBalance[]> => {
  const entries = await listEntries(db, accountId, { limit: COURSE_ENTRIES });
  return balances.map((balance) => {
    const course = [toDecimal(balance.available)];
    for (const { currency, network, balance_delta, held_delta } of entries) {
      if (currency !== balance.currency || network !== balance.network || course.length > MAX_COURSE)
        continue;
      course.push((course.at(-1) as Decimal).minus(balance_delta).plus(held_delta));
    }
    return { ...balance, course: course.reverse().map((value) => value.toNumber()) };
  });
};

const listEntries = async (
  db: Database,
  accountId: string,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<LedgerEntry[]> => {
  let query = db
    .selectFrom('ledger_entry')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(limit);
  if (before !== undefined) query = query.where('id', '<', before);
  return (await query.execute()).map(({ account_id: _account, created_at, ...row }) => ({
    ...row,
    created_at: formatTime(created_at),
  }));
};

const listDepositRequests = async (
  db: Database,
  accountId: string,
  before: number | undefined,
): Promise<ConsoleDeposit[]> => {
  let query = selectDepositRequests(db)
    .where('deposit_request.account_id', '=', accountId)
    .orderBy('deposit_request.id', 'desc')
    .limit(PAGE_ROWS + 1);
  if (before !== undefined) query = query.where('deposit_request.id', '<', before);
  return (await query.execute()).map(toDeposit);
};

const toDeposit = (row: DepositRequestRow): ConsoleDeposit => ({
  request_id: row.id,
  address: row.address,
  currency: row.currency,
  network: row.network,
  user_identifier: row.user_identifier,
  display_expires_at: formatTime(row.display_expires_at),
  created_at: formatTime(row.created_at),
});
