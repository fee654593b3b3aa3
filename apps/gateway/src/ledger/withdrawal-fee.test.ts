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
