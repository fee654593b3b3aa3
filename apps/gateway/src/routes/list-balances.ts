import { endpoints } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { listBalances } from '../ledger/list-balances.ts';
import { ledgerRoute } from './ledger-route.ts';

export const listBalancesRoute = (db: Database) =>
  ledgerRoute(endpoints.listBalances, ({ cpg, query }) => listBalances(db, cpg.accountId, query));
