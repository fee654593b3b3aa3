import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { collection, decimalString, integer } from './schemas.ts';

/** A currency on one network that is enabled for the account. Wire protocol §4.2. */
export interface Currency {
  /** Its symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The network it is on, e.g. `ETH`. */
  readonly network: string;
  /** For people, e.g. `Tether USD`. */
  readonly name: string;
  /** `false` for the native currency of the network. */
  readonly is_token: boolean;
  /** The address of the token's contract; `null` for the native currency of the network. */
  readonly contract_address: string | null;
  /** Decimal places of balances, transactions and withdrawals in this currency, e.g. 6. */
  readonly decimals: number;
  /** Whether deposit addresses can be requested. */
  readonly deposit_enabled: boolean;
  /** Whether withdrawals can be created. */
  readonly withdrawal_enabled: boolean;
  /** The smallest deposit that is credited, in units of the currency: a decimal string with 18 places. */
  readonly min_deposit_amount: string;
  /** The smallest amount of a withdrawal, in units of the currency: a decimal string with 18 places. */
  readonly min_withdrawal_amount: string;
  /** The fixed part of the fee on top of each withdrawal, in units of the currency: a decimal string with 18 places. */
  readonly withdrawal_fee_flat: string;
  /** The part of the fee that grows with the amount, in percent: `1.000000` is 1 %. A decimal string with 6 places. */
  readonly withdrawal_fee_percent: string;
}

/** The schema of a {@link Currency}. */
export const currency = typed<Currency>()(
  z.looseObject({
    currency: z.string(),
    network: z.string(),
    name: z.string(),
    is_token: z.boolean(),
    contract_address: z.nullable(z.string()),
    decimals: integer,
    deposit_enabled: z.boolean(),
    withdrawal_enabled: z.boolean(),
    min_deposit_amount: decimalString,
    min_withdrawal_amount: decimalString,
    withdrawal_fee_flat: decimalString,
    withdrawal_fee_percent: decimalString,
  }),
);

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
