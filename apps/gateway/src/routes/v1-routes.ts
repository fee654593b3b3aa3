import type { Route } from '@cpg/server-middleware';
import type { ChainServices } from '../chain/broadcast-withdrawal.ts';
import { createDepositAddressRoute } from './create-deposit-address.ts';
import { createWithdrawalRoute } from './create-withdrawal.ts';
import { getDepositRequestRoute } from './get-deposit-request.ts';
import { getHotWalletRoute } from './get-hot-wallet.ts';
import { getWithdrawalRoute } from './get-withdrawal.ts';
import { listBalancesRoute } from './list-balances.ts';
import { listCurrenciesRoute } from './list-currencies.ts';
import { listTransactionsRoute } from './list-transactions.ts';
import { pingRoute } from './ping.ts';

/** The whole of v1. Contract §4. */
export const v1Routes = (services: ChainServices): readonly Route[] => [
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
