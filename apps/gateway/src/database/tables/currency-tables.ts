import type { Generated } from 'kysely';
import type { Amount } from './column-types.ts';

export interface NetworkTable {
  readonly network: string;
  readonly address_family: 'ethereum' | 'tron' | 'bitcoin';
  /** Confirmations with which a transaction is final. */
  readonly required_confirmations: number;
  readonly block_interval_ms: number;
  /** Blocks that the sandbox mined out of turn. */
  readonly mined_ahead: Generated<number>;
}

export interface CurrencyTable {
  readonly currency: string;
  readonly network: string;
  readonly name: string;
  readonly is_token: boolean;
  readonly contract_address: string | null;
  readonly decimals: number;
  readonly active: boolean;
  readonly min_deposit_amount: Amount;
  readonly min_withdrawal_amount: Amount;
  readonly withdrawal_fee_flat: Amount;
  readonly withdrawal_fee_percent: Amount;
}
