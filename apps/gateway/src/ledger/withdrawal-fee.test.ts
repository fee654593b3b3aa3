import { toDecimal } from '@cpg/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withdrawalFee } from './withdrawal-fee.ts';

it.each([
  ['100', 6, '5', '0', '5.000000'],
  ['100', 6, '0', '1.000000', '1.000000'],
  ['100', 2, '0.5', '0.25', '0.75'],
  // Rounded up to the currency's decimals, however little is over.
  ['0.00000001', 8, '0', '1', '0.00000001'],
  ['33.333333', 6, '0', '1', '0.333334'],
  ['12345678901234567890.123456789012345678', 18, '0', '0.5', '61728394506172839.450617283945061729'],
])('fee of %s at %i decimals, %s flat and %s percent: %s', (amount, decimals, flat, percent, expected) => {
  expect(
    withdrawalFee(amount, { decimals, withdrawal_fee_flat: flat, withdrawal_fee_percent: percent }),
  ).toBe(expected);
});

it('is never below flat plus percent, and above it by less than one unit of the last place', () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 24n });
  const decimal = (value: bigint, places: number) =>
    toDecimal(`${value}`)
      .div(10 ** places)
      .toFixed(places);
  fc.assert(
    fc.property(digits, digits, fc.nat(100_000_000), fc.nat(18), (amount, flat, percent, decimals) => {
      const schedule = {
        decimals,
        withdrawal_fee_flat: decimal(flat, 18),
        withdrawal_fee_percent: decimal(BigInt(percent), 6),
      };
      const fee = withdrawalFee(decimal(amount, decimals), schedule);
      const exact = toDecimal(decimal(amount, decimals))
        .times(schedule.withdrawal_fee_percent)
        .div(100)
        .plus(schedule.withdrawal_fee_flat);
      const over = toDecimal(fee).minus(exact);
      expect(over.isNegative()).toBe(false);
      expect(over.lessThan(toDecimal('10').pow(-decimals))).toBe(true);
    }),
  );
});
