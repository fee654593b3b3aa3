import type { ColumnType, Generated } from 'kysely';

/** A NUMERIC column. Amounts are strings, never JavaScript numbers. */
export type Amount = string;

/** A column that is set on insert and never updated. */
export type WriteOnce<T> = ColumnType<T, T, never>;

export interface AccountTables {
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
    /** Its name, for people. */
    readonly label: Generated<string>;
    readonly permissions: string[];
    /** `null` allows any address. */
    readonly source_ips: string[] | null;
    readonly rate_limit_per_minute: number;
    readonly revoked_at: Date | null;
  };
  /** The encrypted secrets of a key, one or two of them active. */
  api_key_secret: {
    readonly id: Generated<number>;
    readonly key_id: string;
    readonly sealed_secret: string;
    readonly key_version: string | null;
    /** When the secret stops working; `null` means never. */
    readonly retired_at: Date | null;
  };
  /** One row: how often API keys and their secrets have changed. Triggers count. */
  api_key_version: { readonly id: Generated<true>; readonly version: number };
  /** The wallet that funds an account's withdrawals on a network. */
  hot_wallet: { readonly account_id: string; readonly network: string; readonly address: string };
}

/** One row: a known text, encrypted with the master key that all secrets are to be encrypted with. */
export interface MasterKeyCheckTable {
  readonly id: Generated<true>;
  readonly sealed_text: string;
  readonly key_version: string | null;
}

export interface NetworkTable {
  readonly network: string;
  readonly address_family: 'ethereum' | 'tron' | 'bitcoin';
  /** Confirmations after which a transaction is final. */
  readonly required_confirmations: number;
  readonly block_interval_ms: number;
  /** Extra blocks that the sandbox mined. */
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

export interface BalanceTable {
  readonly account_id: string;
  readonly currency: string;
  readonly network: string;
  readonly balance: Amount;
  readonly held: Amount;
  /** The sum of the deposits that were taken back: so far may the balance be overspent. */
  readonly reversed: ColumnType<Amount, Amount | undefined>;
}

/** Append-only. A balance is the sum of its entries. */
export interface LedgerEntryTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly kind: WriteOnce<
    | 'opening'
    | 'deposit'
    | 'deposit_reversal'
    | 'withdrawal_hold'
    | 'withdrawal_confirm'
    | 'withdrawal_release'
  >;
  readonly balance_delta: WriteOnce<Amount>;
  readonly held_delta: WriteOnce<Amount>;
  readonly withdrawal_id: WriteOnce<number | null>;
  readonly deposit_id: WriteOnce<number | null>;
  readonly created_at: WriteOnce<Date>;
}

/** The key and the signature that asked for a row; the signature is part of no response, event or log. */
interface SignedRequestColumns {
  readonly key_id: WriteOnce<string | null>;
  readonly signature: WriteOnce<Uint8Array | null>;
}

export interface WithdrawalTable extends SignedRequestColumns {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly to_address: WriteOnce<string>;
  readonly amount: WriteOnce<Amount>;
  readonly fee: WriteOnce<Amount>;
  readonly client_reference: WriteOnce<string | null>;
  readonly status: 'pending' | 'broadcasted' | 'confirmed' | 'failed';
  /** The simulated chain ignores the withdrawal until the sandbox settles it. */
  readonly chain_paused: boolean;
  readonly tx_hash: string | null;
  readonly error_message: string | null;
  readonly requested_at: WriteOnce<Date>;
  readonly broadcast_at: Date | null;
  readonly confirmed_at: Date | null;
}

export interface DepositAddressTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly currency: WriteOnce<string>;
  readonly network: WriteOnce<string>;
  readonly address: WriteOnce<string>;
  /** The user that owns a sticky address; `null` for a recyclable address. */
  readonly user_identifier: WriteOnce<string | null>;
  /** When another request may reuse a recyclable address; `null` for a sticky address. */
  readonly free_at: Date | null;
}

export interface DepositRequestTable extends SignedRequestColumns {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly address_id: WriteOnce<number>;
  readonly idempotency_key: WriteOnce<string | null>;
  readonly display_expires_at: WriteOnce<Date>;
  readonly created_at: WriteOnce<Date>;
}

/**
 * A transaction on the simulated chain: a deposit, a sweep, a gas top-up, or the broadcast of a withdrawal.
 */
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
  /** The block that includes it, possibly a future one; `null` if it will never be mined. */
  readonly block_number: number | null;
  readonly created_at: WriteOnce<Date>;
  readonly confirmed_at: Date | null;
  readonly deposit_request_id: WriteOnce<number | null>;
  readonly withdrawal_id: WriteOnce<number | null>;
  /** The deposit that a sweep moves to the hot wallet. */
  readonly swept_id: WriteOnce<number | null>;
}

/** What failed to settle (`transaction`) or to be broadcast (`withdrawal`), by its id, and is tried again. */
export interface SettlementFailureTable {
  readonly kind: WriteOnce<'transaction' | 'withdrawal'>;
  readonly id: WriteOnce<number>;
  readonly attempts: number;
  /** In the time of the database: the clocks of the processes may differ, and jump. */
  readonly retry_at: Date;
  readonly error: string;
}

export interface WebhookEndpointTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly url: WriteOnce<string>;
  /** The signing secret, encrypted. */
  readonly sealed_secret: string;
  /** The version of the master key that encrypts the secret; `null` in rows from before versions. */
  readonly key_version: string | null;
  readonly created_at: WriteOnce<Date>;
  /** The events that it gets; `null` for all. */
  readonly events: Generated<string[] | null>;
  readonly has_responded: Generated<boolean>;
  /** Attempts without a response since the last response. */
  readonly failures: Generated<number>;
  /** Suspensions since the last response; each is twice as long as the one before. */
  readonly suspensions: Generated<number>;
  readonly suspended_until: Generated<Date | null>;
}

/** The outbox: written in the same transaction as the change it reports. */
export interface WebhookEventTable {
  readonly id: Generated<number>;
  readonly account_id: WriteOnce<string>;
  readonly event: WriteOnce<string>;
  /** The exact body that every attempt sends. */
  readonly body: WriteOnce<string>;
  readonly created_at: WriteOnce<Date>;
}

export interface WebhookDeliveryTable {
  readonly id: Generated<string>;
  readonly event_id: WriteOnce<number>;
  readonly endpoint_id: WriteOnce<number>;
  readonly status: 'pending' | 'delivered' | 'dead';
  readonly attempts: Generated<number>;
  readonly next_attempt_at: Date;
  /** Lease expiry: until then one process is delivering; afterwards another process may take over. */
  readonly claimed_until: Date | null;
}

/** The delivery log. */
export interface WebhookAttemptTable {
  readonly id: Generated<number>;
  readonly delivery_id: WriteOnce<string>;
  readonly attempted_at: WriteOnce<Date>;
  /** `null` when there was no response. */
  readonly response_status: WriteOnce<number | null>;
  readonly error: WriteOnce<string | null>;
  readonly duration_ms: WriteOnce<number>;
  /** The signed timestamp; `null` when nothing was signed. */
  readonly request_timestamp: WriteOnce<number | null>;
  /** Status line and headers of the response, secrets masked. */
  readonly response_head: WriteOnce<string | null>;
  /** The start of its body, as far as it arrived soon after the head. */
  readonly response_body: WriteOnce<string | null>;
  /** Whether the body was longer. */
  readonly response_is_cut: WriteOnce<boolean | null>;
}

/** Every table of the gateway. */
export interface Schema extends AccountTables {
  balance: BalanceTable;
  chain_transaction: ChainTransactionTable;
  currency: CurrencyTable;
  deposit_address: DepositAddressTable;
  deposit_request: DepositRequestTable;
  ledger_entry: LedgerEntryTable;
  master_key_check: MasterKeyCheckTable;
  network: NetworkTable;
  settlement_failure: SettlementFailureTable;
  webhook_attempt: WebhookAttemptTable;
  webhook_delivery: WebhookDeliveryTable;
  webhook_endpoint: WebhookEndpointTable;
  webhook_event: WebhookEventTable;
  withdrawal: WithdrawalTable;
}

/** The largest value of a BIGINT column. */
export const MAX_BIGINT = 9_223_372_036_854_775_807n;

/** Whether an id fits a BIGINT column. The wire protocol allows longer ids. Wire protocol §4. */
export const isDatabaseId = (id: string): boolean => BigInt(id) <= MAX_BIGINT;
