import { z } from 'zod';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { collection, decimalString } from './schemas.ts';

/** A currency on one network, enabled for this account. Wire protocol §4.2. */
export const currency = z.looseObject({
  currency: z.string(),
  network: z.string(),
  name: z.string(),
  is_token: z.boolean(),
  /** `null` for a network's native currency. */
  contract_address: z.string().nullable(),
  /** Decimal places of every amount in this currency. */
  decimals: z.int(),
  deposit_enabled: z.boolean(),
  withdrawal_enabled: z.boolean(),
  min_deposit_amount: decimalString,
  min_withdrawal_amount: decimalString,
  /** Charged on top of each withdrawal, in the currency itself. */
  withdrawal_fee_flat: decimalString,
  /** In percent of the amount: `1.000000` is 1 %. */
  withdrawal_fee_percent: decimalString,
});

/** A currency on one network, enabled for the account. Wire protocol §4.2. */
export type Currency = z.output<typeof currency>;

/**
 * `GET /v1/currencies`: the currencies that the account can deposit or withdraw, with minimums and fees. Wire
 * protocol §4.2.
 */
export const listCurrencies = defineEndpoint({
  name: 'currencies.list',
  summary: 'List currencies',
  method: 'GET',
  path: '/v1/currencies',
  permission: 'list_currencies',
  pathParameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: null,
  response: collection(currency),
});
