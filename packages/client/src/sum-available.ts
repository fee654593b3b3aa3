import { type Balance, Decimal, toDecimal } from '@cpg/protocol';
import { checkOptions, requireOption, TEXT } from './options.ts';

/**
 * What can be withdrawn of one currency, over all networks or on one of them; names ignore case. Adding up balances without
 * naming the currency would add dollars to bitcoins, and adding their strings would join them.
 *
 * @throws CpgError `invalid_configuration` for arguments of the wrong kind; ProtocolError `invalid_decimal` for an amount that is not a plain decimal string.
 */
export const sumAvailable = (
  balances: readonly Pick<Balance, 'currency' | 'network' | 'available'>[],
  filter: { readonly currency: string; readonly network?: string | undefined },
): Decimal => {
  const owner = 'sumAvailable';
  requireOption(`${owner}: balances`, balances, { accepts: Array.isArray, expected: 'an array of balances' });
  checkOptions(owner, filter, { currency: TEXT, network: TEXT });
  requireOption(`${owner}: currency`, filter.currency, TEXT);
  const isSame = (left: string, right: string) => left.toUpperCase() === right.toUpperCase();
  return balances
    .filter(({ currency }) => isSame(currency, filter.currency))
    .filter(({ network }) => filter.network === undefined || isSame(network, filter.network))
    .reduce((sum, { available }) => sum.plus(toDecimal(available)), new Decimal(0));
};
