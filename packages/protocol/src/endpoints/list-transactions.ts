import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { DEPOSIT_TRANSACTION_STATUSES } from './get-deposit-request.ts';
import { typed } from './schema.ts';
import {
  decimalString,
  integer,
  integerId,
  type OpenEnum,
  openEnum,
  page,
  queryInteger,
  requestId,
  wireText,
} from './schemas.ts';

/** The kinds of transaction. Wire protocol §4.5. */
export const TRANSACTION_DIRECTIONS = Object.freeze(['deposit', 'withdrawal', 'sweep', 'gas_topup'] as const);

/** The default of `limit`, in rows. Wire protocol §4.5. */
export const DEFAULT_PAGE_SIZE = 50;

const TRANSACTION_STATUSES = [...DEPOSIT_TRANSACTION_STATUSES, 'pending', 'broadcasted'] as const;

/** A kind of transaction. */
export type TransactionDirection = (typeof TRANSACTION_DIRECTIONS)[number];

/** One transaction on the chain. Wire protocol §4.5. */
export interface Transaction {
  /** Larger for later transactions; the `cursor` that selects the transactions before this one. */
  readonly id: number;
  /** The transaction's hash on the network. */
  readonly tx_hash: string;
  /** `deposit`, `withdrawal`, `sweep` (from a deposit address to the hot wallet) or `gas_topup`; later versions may add more. */
  readonly direction: OpenEnum<TransactionDirection>;
  /** `confirmed` and `failed` are final; later versions may add more. */
  readonly status: OpenEnum<(typeof TRANSACTION_STATUSES)[number]>;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** The sender's address; `null` when it is not known. */
  readonly from_address: string | null;
  /** The recipient's address. */
  readonly to_address: string;
  /** In units of the currency, with its `decimals` places: a decimal string. Without fee. */
  readonly amount_decimal: string;
  /** Blocks on top of the transaction, its own included; 0 until it is in a block. */
  readonly confirmations: number;
  /** The height of its block; `null` until it is in one. */
  readonly block_number: number | null;
  /** When the gateway recorded it: ISO 8601, UTC, whole seconds. */
  readonly created_at: string;
  /** When it became final: ISO 8601, UTC, whole seconds; `null` until then. */
  readonly confirmed_at: string | null;
}

/** The schema of a {@link Transaction}. */
export const transaction = typed<Transaction>()(
  z.looseObject({
    id: integerId,
    tx_hash: z.string(),
    direction: openEnum(TRANSACTION_DIRECTIONS),
    status: openEnum(TRANSACTION_STATUSES),
    currency: z.string(),
    network: z.string(),
    from_address: z.nullable(z.string()),
    to_address: z.string(),
    amount_decimal: decimalString,
    confirmations: integer,
    block_number: z.nullable(integer),
    created_at: z.string(),
    confirmed_at: z.nullable(z.string()),
  }),
);

/** Filters and page of `transactions.list`. Wire protocol §4.5. */
export interface ListTransactionsQuery {
  /** Only transactions of this kind. */
  readonly direction?: TransactionDirection | undefined;
  /** Only this currency; case does not matter. */
  readonly currency?: string | undefined;
  /** Only this network; case does not matter. */
  readonly network?: string | undefined;
  /** Only transactions in this state. */
  readonly status?: string | undefined;
  /** Only transactions with a smaller id, which are older: the `next_cursor` of the previous page. */
  readonly cursor?: number | string | bigint | undefined;
  /** Rows in a page, 1 to 200. @default 50 */
  readonly limit?: number | string | undefined;
}

/** A {@link ListTransactionsQuery} as a handler receives it. */
export interface ValidatedListTransactionsQuery extends Omit<ListTransactionsQuery, 'cursor' | 'limit'> {
  /** The digits as sent. */
  readonly cursor?: string | undefined;
  /** Rows in a page, 1 to 200. */
  readonly limit: number;
}

/** `GET /v1/transactions`: the account's transactions, newest first, a page at a time. Wire protocol §4.5. */
export const listTransactions = defineEndpoint({
  name: 'transactions.list',
  summary: 'List transactions',
  method: 'GET',
  path: '/v1/transactions',
  permission: 'list_transactions',
  pathParameters: NO_PARAMETERS,
  query: typed<ValidatedListTransactionsQuery, ListTransactionsQuery>()(
    z.object({
      direction: z.optional(z.enum(TRANSACTION_DIRECTIONS)),
      // Matched without regard to case; signed as sent.
      currency: z.optional(wireText(0, 256)),
      network: z.optional(wireText(0, 256)),
      status: z.optional(wireText(0, 256)),
      cursor: z.optional(requestId),
      limit: z._default(queryInteger({ minimum: 1, maximum: 200 }), DEFAULT_PAGE_SIZE),
    }),
  ),
  body: null,
  response: page(transaction),
});
