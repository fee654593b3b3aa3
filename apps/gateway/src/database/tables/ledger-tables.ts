import type { Generated } from 'kysely';
import type { Amount, WriteOnce } from './column-types.ts';

export interface BalanceTable {
  readonly account_id: string;
  readonly currency: string;
  readonly network: string;
  readonly balance: Amount;
  readonly held: Amount;
}

/** Append-only; balances are the sum of these. */
export interface LedgerEntryTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly kind: WriteOnce<
    'opening' | 'deposit' | 'withdrawal_hold' | 'withdrawal_confirm' | 'withdrawal_release'
  >;
  readonly balance_delta: WriteOnce<Amount>;
  readonly held_delta: WriteOnce<Amount>;
  readonly withdrawal_id: WriteOnce<number | null>;
  readonly deposit_id: WriteOnce<number | null>;
  readonly created_at: WriteOnce<Date>;
}
