import { endpoints } from '@cpg/protocol';
import { page } from '@cpg/server-middleware';
import type { ChainServices } from '../chain/broadcast-withdrawal.ts';
import { listTransactions } from '../ledger/list-transactions.ts';
import { ledgerRoute } from './ledger-route.ts';

export const listTransactionsRoute = (services: ChainServices) =>
  ledgerRoute(endpoints.listTransactions, async ({ cpg, query }) =>
    page(await listTransactions(services, cpg.accountId, query)),
  );
