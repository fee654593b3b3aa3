import type { Generated } from 'kysely';
import type { Amount, WriteOnce } from './column-types.ts';

/** A transaction on the simulated chain. A deposit is nothing else; a withdrawal has one from its broadcast on. */
export interface ChainTransactionTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly direction: WriteOnce<'deposit' | 'withdrawal' | 'sweep' | 'gas_topup'>;
  readonly status: 'detected' | 'broadcasted' | 'confirmed' | 'failed';
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly from_address: WriteOnce<string | null>;
  readonly to_address: WriteOnce<string>;
  readonly amount: WriteOnce<Amount>;
  readonly tx_hash: WriteOnce<string>;
  /** The block that it goes into, which may still have to be mined; `null`: none will. */
  readonly block_number: number | null;
  readonly created_at: WriteOnce<Date>;
  readonly confirmed_at: Date | null;
  readonly deposit_request_id: WriteOnce<number | null>;
  readonly withdrawal_id: WriteOnce<number | null>;
  /** The deposit that a sweep moved to the hot wallet. */
  readonly swept_id: WriteOnce<number | null>;
}
