import { endpoints } from '@cpg/protocol';
import { route } from '@cpg/server-middleware';
import type { Database } from '../database/open-database.ts';
import { listBalances } from '../ledger/list-balances.ts';

export const listBalancesRoute = (db: Database) =>
  route(endpoints.listBalances, ({ cpg, query }) => listBalances(db, cpg.accountId, query));
