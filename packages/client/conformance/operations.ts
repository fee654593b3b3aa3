import type { CpgCall, CpgClient } from '@cpg/client';

type Operation = (client: CpgClient, args: never) => CpgCall<{ readonly data: unknown }>;

type BalanceFilters = Parameters<CpgClient['balances']['list']>[0];
type WithdrawalBody = Parameters<CpgClient['withdrawals']['create']>[0];

/** Every operation of the client by its name in the contract. */
export const operations: Readonly<Record<string, Operation>> = {
  ping: (client) => client.ping(),
  'balances.list': (client, args: BalanceFilters) => client.balances.list(args),
  'withdrawals.create': (client, args: WithdrawalBody) => client.withdrawals.create(args),
  'withdrawals.get': (client, { withdrawal_id }: { readonly withdrawal_id: number }) =>
    client.withdrawals.get(withdrawal_id),
};
