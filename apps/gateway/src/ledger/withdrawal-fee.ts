import { Decimal, toDecimal } from '@cpg/protocol';

export interface FeeSchedule {
  readonly decimals: number;
  readonly withdrawal_fee_flat: string;
  /** In percent: `1.000000` is 1 %. */
  readonly withdrawal_fee_percent: string;
}

/** The fee on top of an amount: flat plus percent, rounded up to the currency's decimals. Contract §4.6. */
export const withdrawalFee = (amount: string, schedule: FeeSchedule): string =>
  toDecimal(schedule.withdrawal_fee_flat)
    .plus(toDecimal(amount).times(schedule.withdrawal_fee_percent).dividedBy(100))
    .toFixed(schedule.decimals, Decimal.ROUND_UP);
