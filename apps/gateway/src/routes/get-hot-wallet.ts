import { endpoints } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import { findHotWallet } from '../ledger/find-hot-wallet.ts';
import { ledgerRoute } from './ledger-route.ts';

export const getHotWalletRoute = (db: Database) =>
  ledgerRoute(endpoints.getHotWallet, ({ cpg, query }) => findHotWallet(db, cpg.accountId, query.network));
