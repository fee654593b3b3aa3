import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { collection, decimalString, wireText } from './schemas.ts';

/** The balance of one currency on one network. Amounts have the currency's `decimals` places. Wire protocol §4.1. */
export interface Balance {
  /** The gateway's spelling, e.g. `USDT`. */
  readonly currency: string;
  /** The gateway's spelling, e.g. `ETH`. */
  readonly network: string;
  /** Confirmed and credited, in units of the currency: a decimal string such as `1300.000000`. */
  readonly balance: string;
  /** The part of `balance` that withdrawals reserve until they are final, amount and fee: a decimal string. */
  readonly held: string;
  /** What can be withdrawn now, fees included: `balance` minus `held`, a decimal string. */
  readonly available: string;
}

/** The schema of a {@link Balance}. */
export const balance = typed<Balance>()(
  z.looseObject({
    currency: z.string(),
    network: z.string(),
    balance: decimalString,
    held: decimalString,
    available: decimalString,
  }),
);

/** Filters of `balances.list`. Wire protocol §4.1. */
export interface ListBalancesQuery {
  /** Only this currency; case does not matter. An unknown one gives no rows. */
  readonly currency?: string | undefined;
  /** Only this network; case does not matter. An unknown one gives no rows. */
  readonly network?: string | undefined;
}

/**
 * `GET /v1/balances`: every balance of the account, by currency then network; not paginated. Wire protocol
 * §4.1.
 */
export const listBalances = defineEndpoint({
  name: 'balances.list',
  summary: 'List balances',
  method: 'GET',
  path: '/v1/balances',
  permission: 'read_balance',
  pathParameters: NO_PARAMETERS,
  query: typed<ListBalancesQuery>()(
    z.object({
      // Matched without regard to case; signed as sent.
      currency: z.optional(wireText(0, 256)),
      network: z.optional(wireText(0, 256)),
    }),
  ),
  body: null,
  response: collection(balance),
});
