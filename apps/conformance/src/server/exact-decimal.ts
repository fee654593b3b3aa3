import { Decimal } from 'decimal.js';

/** Decimals of money: no sum or product here may lose a digit. */
export const ExactDecimal: typeof Decimal = Decimal.clone({ precision: 120 });

export type ExactDecimal = Decimal;
