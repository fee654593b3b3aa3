/**
 * What `/_sandbox` of the reference gateway returns to the console. The gateway imports these types, so that both sides
 * agree when they compile. What the API itself returns has the types of @cpg/protocol.
 */
import type {
  Balance,
  Permission,
  RejectionCode,
  Transaction,
  WebhookEventName,
  Withdrawal,
} from '@cpg/protocol';

/** One line of the request log. */
export interface LoggedRequest {
  /** Counts from 1. */
  readonly id: number;
  /** ISO-8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** The path template; `null` for an unknown path. */
  readonly route: string | null;
  /** `null` if the connection closed before a response started. */
  readonly status: number | null;
  readonly outcome: 'served' | 'aborted' | RejectionCode;
  /** The check that rejected the request. */
  readonly rejected_by: string | null;
  readonly error_code: string | null;
  readonly key_id: string | null;
  readonly client_ip: string | null;
  readonly passed: readonly { readonly check: string; readonly ms: number }[];
  readonly authentication_ms: number | null;
  readonly ms: number;
}

/** The bytes of a message as text. */
export interface ShownBody {
  readonly text: string;
  /** The length on the wire. */
  readonly bytes: number;
  /** Whether `text` is shorter than the body. */
  readonly is_cut: boolean;
  /** Whether the bytes are no UTF-8; `text` is in base64 then. */
  readonly is_binary: boolean;
}

/** A mistake in a signature, by name, with its fix. */
export interface ShownFinding {
  readonly code: string;
  readonly message: string;
}

/** A request with its bytes, secrets masked, and what the gateway computed from them. */
export interface RequestDetail extends LoggedRequest {
  /** `null` when the bytes are not kept any more. */
  readonly exchange: {
    readonly target: string;
    /** Request line and headers. */
    readonly head: string;
    readonly body: ShownBody;
    readonly response_head: string;
    readonly response_body: ShownBody;
    /** The canonical string of the request; `null` when its head has none. */
    readonly canonical: string | null;
    readonly findings: readonly ShownFinding[];
    /** What to do about a rejection; `null` for a request that was served. */
    readonly fix: string | null;
  } | null;
}

export interface ClockState {
  /** Unix milliseconds. */
  readonly now: number;
  readonly frozen: boolean;
}

export interface ConsoleAccount {
  readonly id: string;
  readonly name: string;
  readonly keys: number;
  readonly webhooks: number;
}

/** A balance with its course: the balance after each of the latest movements, oldest first. */
export interface ConsoleBalance extends Balance {
  readonly course: readonly number[];
}

export interface Overview {
  readonly api_url: string;
  readonly account: string;
  readonly accounts: readonly ConsoleAccount[];
  readonly networks: readonly { readonly network: string; readonly height: number }[];
  readonly balances: readonly ConsoleBalance[];
  readonly withdrawals: readonly Withdrawal[];
  readonly transactions: readonly Transaction[];
  readonly due_deliveries: number;
  readonly failed_deliveries: number;
}

export interface ConsoleKey {
  readonly key_id: string;
  readonly account_id: string;
  readonly label: string;
  readonly permissions: readonly string[];
  /** `null` allows any address. */
  readonly source_ips: readonly string[] | null;
  readonly rate_limit_per_minute: number;
  readonly revoked_at: string | null;
  /** When the previous secret stops working; `null` when only one works. */
  readonly overlap_until: string | null;
  /** Since the gateway started; `null` when it was not used. */
  readonly last_used_at: string | null;
  readonly requests_last_minute: number;
}

/** The only response that contains the secret. */
export interface CreatedKey {
  readonly key_id: string;
  readonly secret: string;
}

export interface NewKey {
  readonly account_id: string;
  readonly label: string;
  readonly permissions: readonly Permission[];
  readonly source_ips: readonly string[];
  readonly rate_limit_per_minute: number;
}

export interface ConsoleWebhook {
  readonly id: number;
  readonly account_id: string;
  readonly url: string;
  readonly created_at: string;
  /** `null` for all events. */
  readonly events: readonly WebhookEventName[] | null;
  /** Attempts without a response since the last response. */
  readonly failures: number;
  readonly suspended_until: string | null;
  readonly pending: number;
  readonly dead: number;
}

export interface CreatedWebhook {
  readonly id: number;
  readonly url: string;
  readonly secret: string;
}

export interface ConsoleDelivery {
  readonly id: string;
  readonly event_id: number;
  readonly endpoint_id: number;
  readonly event: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly next_attempt_at: string;
  readonly response_status: number | null;
  readonly error: string | null;
  readonly attempted_at: string | null;
  readonly duration_ms: number | null;
}

/** One attempt of a delivery: what was sent, and the start of the response. */
export interface DeliveryAttempt {
  readonly attempted_at: string;
  readonly response_status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
  /** The signature is masked; `null` when nothing was sent, or the attempt is from before version 0014 of the database. */
  readonly request_head: string | null;
  /** `null` when there was no response. */
  readonly response_head: string | null;
  readonly response_body: string | null;
  /** Whether the body was longer. */
  readonly response_is_cut: boolean | null;
}

export interface DeliveryDetail
  extends Pick<ConsoleDelivery, 'event' | 'url' | 'status' | 'next_attempt_at'> {
  /** The exact body that every attempt sends. */
  readonly body: string;
  readonly attempts: readonly DeliveryAttempt[];
}

/** What the receiver of the console got. */
export interface ReceivedWebhook {
  readonly id: number;
  readonly at: string;
  readonly event: string;
  readonly delivery: string;
  readonly body: string;
  /** Whether the signature is that of the webhook; otherwise why not. */
  readonly verdict: 'valid' | string;
  /** The status that was sent back. */
  readonly status: number;
}

export interface Receiver {
  readonly url: string;
  readonly respond_with: number;
  readonly is_registered: boolean;
  readonly received: readonly ReceivedWebhook[];
}

export interface LedgerEntry {
  readonly id: number;
  readonly currency: string;
  readonly network: string;
  readonly kind: string;
  readonly balance_delta: string;
  readonly held_delta: string;
  readonly withdrawal_id: number | null;
  readonly deposit_id: number | null;
  readonly created_at: string;
}

export interface ConsoleDeposit {
  readonly request_id: number;
  readonly address: string;
  readonly currency: string;
  readonly network: string;
  readonly user_identifier: string | null;
  readonly display_expires_at: string;
  readonly created_at: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next_cursor: number | string | null;
}

export interface AuditResult {
  readonly law: string;
  readonly violations: readonly string[];
}

export interface ConsoleCurrency {
  readonly currency: string;
  readonly network: string;
  readonly name: string;
  readonly decimals: number;
  readonly contract_address: string | null;
  readonly active: boolean;
  readonly deposit_enabled: boolean;
  readonly withdrawal_enabled: boolean;
  readonly min_deposit_amount: string;
  readonly min_withdrawal_amount: string;
  readonly withdrawal_fee_flat: string;
  readonly withdrawal_fee_percent: string;
}

/** The server-sent events of `/_sandbox/events`. */
export interface LiveEventData {
  readonly hello: ClockState;
  readonly clock: readonly ClockState[];
  readonly requests: readonly LoggedRequest[];
  /** The database, or the confirmations that depend on the clock, changed. */
  readonly changed: readonly unknown[];
}
