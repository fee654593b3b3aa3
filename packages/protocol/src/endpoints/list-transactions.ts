import { z } from 'zod';
import { WITHDRAWAL_STATUSES } from './create-withdrawal.ts';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { DEPOSIT_TRANSACTION_STATUSES } from './get-deposit-request.ts';
import { decimalString, integerId, openEnum, page, queryInteger, requestId, wireText } from './schemas.ts';

/** The kinds of transaction. Wire protocol §4.5. */
export const TRANSACTION_DIRECTIONS = Object.freeze(['deposit', 'withdrawal', 'sweep', 'gas_topup'] as const);

/** The default of `limit`, in rows. Wire protocol §4.5. */
export const DEFAULT_PAGE_SIZE = 50;

const TRANSACTION_STATUSES = [...new Set([...DEPOSIT_TRANSACTION_STATUSES, ...WITHDRAWAL_STATUSES])];

/** One transaction on the chain. Wire protocol §4.5. */
export const transaction = z.looseObject({
  id: integerId,
  tx_hash: z.string(),
  direction: openEnum(TRANSACTION_DIRECTIONS),
  status: openEnum(TRANSACTION_STATUSES),
  currency: z.string(),
  network: z.string(),
  from_address: z.string().nullable(),
  to_address: z.string(),
  amount_decimal: decimalString,
  confirmations: z.int(),
  block_number: z.int().nullable(),
  created_at: z.string(),
  confirmed_at: z.string().nullable(),
});

/** One transaction on the chain. Wire protocol §4.5. */
export type Transaction = z.output<typeof transaction>;

/** `GET /v1/transactions`: the account's transactions, newest first, a page at a time. Wire protocol §4.5. */
export const listTransactions = defineEndpoint({
  name: 'transactions.list',
  summary: 'List transactions',
  method: 'GET',
  path: '/v1/transactions',
  permission: 'list_transactions',
  pathParameters: NO_PARAMETERS,
  query: z.object({
    direction: z.enum(TRANSACTION_DIRECTIONS).optional(),
    /** Matched case-insensitively; signed as sent. */
    currency: wireText(0, 256).optional(),
    network: wireText(0, 256).optional(),
    status: wireText(0, 256).optional(),
    /** Selects smaller ids: the `next_cursor` of the previous page. */
    cursor: requestId.optional(),
    limit: queryInteger({ minimum: 1, maximum: 200 }).default(DEFAULT_PAGE_SIZE),
  }),
  body: null,
  response: page(transaction),
});
