import { type Endpoint, endpoints, isRejection, REJECTIONS } from '@cpg/protocol';
import { page, RejectionError, type Route, type RouteHandler, route } from '@cpg/server-middleware';
import { broadcastWithdrawal } from '../chain/broadcast.ts';
import { holdAndBroadcast } from '../chain/hold-and-broadcast.ts';
import { isDatabaseUnavailable } from '../database/database-unavailable.ts';
import type { Database } from '../database/open-database.ts';
import { listBalances } from '../ledger/balances.ts';
import { findHotWallet, listCurrencies } from '../ledger/currencies.ts';
import {
  createDepositRequest,
  findDepositRequest,
  listDepositTransactions,
} from '../ledger/deposit-requests.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import { getSignedRequest } from '../ledger/signed-request.ts';
import { listTransactions } from '../ledger/transactions.ts';
import {
  createWithdrawal,
  findWithdrawal,
  formatWithdrawal,
  formatWithdrawalAmounts,
} from '../ledger/withdrawals.ts';
import { formatTime } from '../time.ts';

/** A route that uses the database: it responds 503 during an outage. Wire protocol §3. */
export const ledgerRoute = <E extends Endpoint>(endpoint: E, handler: RouteHandler<E>): Route =>
  route<E>(endpoint, async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      throw new RejectionError(REJECTIONS.service_unavailable, { cause: error });
    }
  });

export const pingRoute = () => route(endpoints.ping, () => ({ pong: true as const }));

export const listBalancesRoute = (db: Database) =>
  ledgerRoute(endpoints.listBalances, ({ cpg, query }) => listBalances(db, cpg.accountId, query));

export const listCurrenciesRoute = (db: Database) =>
  ledgerRoute(endpoints.listCurrencies, ({ cpg }) => listCurrencies(db, cpg.accountId));

export const createDepositAddressRoute = ({ db, clock }: LedgerServices) =>
  ledgerRoute(endpoints.createDepositAddress, async ({ cpg, body, http }) => {
    const request = await createDepositRequest(db, {
      accountId: cpg.accountId,
      currency: body.currency,
      network: body.network,
      userIdentifier: body.user_identifier ?? null,
      idempotencyKey: body.idempotency_key ?? null,
      signed: getSignedRequest(cpg, http),
      at: new Date(clock.now()),
    });
    if (isRejection(request)) return request;
    return {
      request_id: request.id,
      address: request.address,
      network: request.network,
      currency: request.currency,
      contract_address: request.contract_address,
      user_identifier: request.user_identifier,
      display_expires_at: formatTime(request.display_expires_at),
      created_at: formatTime(request.created_at),
    };
  });

export const getDepositRequestRoute = (services: LedgerServices) =>
  ledgerRoute(endpoints.getDepositRequest, async ({ cpg, pathParameters }) => {
    const request = await findDepositRequest(services.db, cpg.accountId, pathParameters.request_id);
    if (request === undefined) return REJECTIONS.not_found;
    const isShown = services.clock.now() < request.display_expires_at.getTime();
    return {
      request_id: request.id,
      address: request.address,
      network: request.network,
      currency: request.currency,
      user_identifier: request.user_identifier,
      status: isShown ? ('active' as const) : ('expired' as const),
      display_expires_at: formatTime(request.display_expires_at),
      created_at: formatTime(request.created_at),
      transactions: await listDepositTransactions(services, request),
    };
  });

export const getHotWalletRoute = (db: Database) =>
  ledgerRoute(endpoints.getHotWallet, ({ cpg, query }) => findHotWallet(db, cpg.accountId, query.network));

export const listTransactionsRoute = (services: LedgerServices) =>
  ledgerRoute(endpoints.listTransactions, async ({ cpg, query }) =>
    page(await listTransactions(services, cpg.accountId, query)),
  );

export const createWithdrawalRoute = ({ db, clock }: LedgerServices) =>
  ledgerRoute(endpoints.createWithdrawal, async ({ cpg, body, http }) => {
    const wanted = {
      accountId: cpg.accountId,
      currency: body.currency,
      network: body.network,
      toAddress: body.to_address,
      amount: body.amount,
      clientReference: body.client_reference ?? null,
      signed: getSignedRequest(cpg, http),
      at: new Date(clock.now()),
    };
    const held = await createWithdrawal(db, wanted, holdAndBroadcast);
    if (isRejection(held)) return held;
    const row = held.status === 'pending' ? await broadcastWithdrawal({ db, clock }, held.id) : held;
    const { amount, fee } = formatWithdrawalAmounts(held);
    return {
      withdrawal_id: row.id,
      // A retry gets the first response, even when the withdrawal is final by then.
      status: 'broadcasted' as const,
      tx_hash: row.tx_hash ?? '',
      network: row.network,
      currency: row.currency,
      to_address: row.to_address,
      amount_decimal: amount,
      fee_decimal: fee,
    };
  });

export const getWithdrawalRoute = (db: Database) =>
  ledgerRoute(endpoints.getWithdrawal, async ({ cpg, pathParameters }) => {
    const row = await findWithdrawal(db, cpg.accountId, pathParameters.withdrawal_id);
    if (row === undefined) return REJECTIONS.not_found;
    return formatWithdrawal(row);
  });

/** All routes of v1. Wire protocol §4. */
export const v1Routes = (services: LedgerServices): readonly Route[] => [
  pingRoute(),
  listBalancesRoute(services.db),
  listCurrenciesRoute(services.db),
  createDepositAddressRoute(services),
  getDepositRequestRoute(services),
  getHotWalletRoute(services.db),
  listTransactionsRoute(services),
  createWithdrawalRoute(services),
  getWithdrawalRoute(services.db),
];
