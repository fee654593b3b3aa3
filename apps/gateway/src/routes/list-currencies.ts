import { endpoints } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { listCurrencies } from '../ledger/list-currencies.ts';
import { ledgerRoute } from './ledger-route.ts';

export const listCurrenciesRoute = (db: Database) =>
  ledgerRoute(endpoints.listCurrencies, ({ cpg }) => listCurrencies(db, cpg.accountId));
