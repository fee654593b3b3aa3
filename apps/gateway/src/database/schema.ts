import type { ColumnType, Generated } from 'kysely';

/** A NUMERIC: strings only, in and out, so that no JavaScript number ever holds an amount. */
type Amount = string;
type WriteOnce<T> = ColumnType<T, T, never>;

export interface CurrencyTable {
  readonly currency: string;
  readonly network: string;
  readonly name: string;
  readonly is_token: boolean;
  readonly contract_address: string | null;
  readonly decimals: number;
  readonly address_family: 'ethereum' | 'tron' | 'bitcoin';
  readonly active: boolean;
  readonly min_deposit_amount: Amount;
  readonly min_withdrawal_amount: Amount;
  readonly withdrawal_fee_flat: Amount;
  readonly withdrawal_fee_percent: Amount;
}

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
  readonly settle_at: Date | null;
  readonly confirmed_at: Date | null;
}

export interface LedgerEntryTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly kind: WriteOnce<'opening' | 'withdrawal_hold' | 'withdrawal_confirm' | 'withdrawal_release'>;
  readonly balance_delta: WriteOnce<Amount>;
  readonly held_delta: WriteOnce<Amount>;
  readonly withdrawal_id: WriteOnce<number | null>;
  readonly created_at: WriteOnce<Date>;
}

/** Every table of the ledger. Balances are the sum of their ledger entries. */
export interface Schema {
  account: { readonly id: string; readonly name: string };
  account_currency: {
    readonly account_id: string;
    readonly currency: string;
    readonly network: string;
    readonly deposit_enabled: boolean;
    readonly withdrawal_enabled: boolean;
  };
  api_key: {
    readonly key_id: string;
    readonly account_id: string;
    readonly permissions: string[];
    /** `null`: any address. */
    readonly source_ips: string[] | null;
    readonly rate_limit_per_minute: number;
    readonly revoked_at: Date | null;
  };
  /** One or two live secrets a key, encrypted. */
  api_key_secret: {
    readonly id: Generated<number>;
    readonly key_id: string;
    readonly sealed_secret: string;
    readonly retired_at: Date | null;
  };
  balance: {
    readonly account_id: string;
    readonly currency: string;
    readonly network: string;
    readonly balance: Amount;
    readonly held: Amount;
  };
  currency: CurrencyTable;
  ledger_entry: LedgerEntryTable;
  withdrawal: WithdrawalTable;
}
