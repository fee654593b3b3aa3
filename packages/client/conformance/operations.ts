import type { CpgCall, CpgClient } from '@cpg/client';

type Operation = (client: CpgClient, args: never) => CpgCall<{ readonly data: unknown }>;

type Id = number | string;
type BalanceFilters = Parameters<CpgClient['balances']['list']>[0];
type WithdrawalBody = Parameters<CpgClient['withdrawals']['create']>[0];
type DepositAddressBody = Parameters<CpgClient['depositAddresses']['create']>[0];
type HotWalletQuery = Parameters<CpgClient['hotWallet']['get']>[0];
type TransactionFilters = Parameters<CpgClient['transactions']['list']>[0];

/** Every operation of the client by its name in the contract. */
export const operations: Readonly<Record<string, Operation>> = {
  ping: (client) => client.ping(),
  'balances.list': (client, args: BalanceFilters) => client.balances.list(args),
  'currencies.list': (client) => client.currencies.list(),
  'depositAddresses.create': (client, args: DepositAddressBody) => client.depositAddresses.create(args),
  'depositRequests.get': (client, { request_id }: { readonly request_id: Id }) =>
    client.depositRequests.get(request_id),
  'hotWallet.get': (client, args: HotWalletQuery) => client.hotWallet.get(args),
  'transactions.list': (client, args: TransactionFilters) => client.transactions.list(args),
  'withdrawals.create': (client, args: WithdrawalBody) => client.withdrawals.create(args),
  'withdrawals.get': (client, { withdrawal_id }: { readonly withdrawal_id: Id }) =>
    client.withdrawals.get(withdrawal_id),
};
