import type { Generated } from 'kysely';
import type { WriteOnce } from './column-types.ts';

export interface DepositAddressTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly address: WriteOnce<string>;
  /** Makes the address sticky; `null`: of the recyclable pool. */
  readonly user_identifier: WriteOnce<string | null>;
  /** From then on a recyclable address may be given to another request; `null` for a sticky one. */
  readonly free_at: Date | null;
}

export interface DepositRequestTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly address_id: WriteOnce<number>;
  readonly idempotency_key: WriteOnce<string | null>;
  readonly display_expires_at: WriteOnce<Date>;
  readonly created_at: WriteOnce<Date>;
}
