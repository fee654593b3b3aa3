import type { Generated } from 'kysely';
import type { Amount, WriteOnce } from './column-types.ts';

export interface WithdrawalTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly to_address: WriteOnce<string>;
  readonly amount: WriteOnce<Amount>;
  readonly fee: WriteOnce<Amount>;
  readonly client_reference: WriteOnce<string | null>;
  readonly status: 'pending' | 'broadcasted' | 'confirmed' | 'failed';
  /** Left pending by the simulated chain until it is told. */
  readonly chain_paused: boolean;
  readonly tx_hash: string | null;
  readonly error_message: string | null;
  readonly requested_at: WriteOnce<Date>;
  readonly broadcast_at: Date | null;
  readonly confirmed_at: Date | null;
}
