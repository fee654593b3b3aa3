import { z } from 'zod';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { collection, decimalString, wireText } from './schemas.ts';

/** One balance: `available` is `balance` minus `held`. Wire protocol §4.1. */
export const balance = z.looseObject({
  currency: z.string(),
  network: z.string(),
  /** Confirmed and credited. */
  balance: decimalString,
  /** Reserved by withdrawals that are not final. */
  held: decimalString,
  /** Can be withdrawn now. */
  available: decimalString,
});

/** The balance of one currency on one network. Wire protocol §4.1. */
export type Balance = z.output<typeof balance>;

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
  query: z.object({
    /** Matched case-insensitively; signed as sent. */
    currency: wireText(0, 256).optional(),
    network: wireText(0, 256).optional(),
  }),
  body: null,
  response: collection(balance),
});
