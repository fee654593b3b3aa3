import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import {
  decimalString,
  integerId,
  type OpenEnum,
  openEnum,
  requestAmount,
  single,
  wireText,
} from './schemas.ts';

/** The states of a withdrawal; `confirmed` and `failed` are final. Wire protocol §4.6. */
export const WITHDRAWAL_STATUSES = Object.freeze(['pending', 'broadcasted', 'confirmed', 'failed'] as const);

/** A state of a withdrawal, or one of a later version. `confirmed` and `failed` are final. Wire protocol §4.6. */
export type WithdrawalStatus = OpenEnum<(typeof WITHDRAWAL_STATUSES)[number]>;

/** The schema of a {@link WithdrawalStatus}. */
export const withdrawalStatus = openEnum(WITHDRAWAL_STATUSES);

/** A withdrawal as it was created; its amount and fee are held. Wire protocol §4.6. */
export interface CreatedWithdrawal {
  /** Pass it to `withdrawals.get` and `withdrawals.waitUntilFinal`. */
  readonly withdrawal_id: number;
  /** Mostly `broadcasted`. A repeat of the call gets the first response, even when the withdrawal is final by then. */
  readonly status: WithdrawalStatus;
  /** The transaction's hash on the network. */
  readonly tx_hash: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The recipient's address. */
  readonly to_address: string;
  /** What the recipient gets, in units of the currency, with its `decimals` places: a decimal string. */
  readonly amount_decimal: string;
  /** Charged on top of the amount, in the same currency and with the same places: a decimal string. */
  readonly fee_decimal: string;
}

/** The schema of a {@link CreatedWithdrawal}. */
export const createdWithdrawal = typed<CreatedWithdrawal>()(
  z.looseObject({
    withdrawal_id: integerId,
    status: withdrawalStatus,
    tx_hash: z.string(),
    network: z.string(),
    currency: z.string(),
    to_address: z.string(),
    amount_decimal: decimalString,
    fee_decimal: decimalString,
  }),
);

/** What `withdrawals.create` sends. Wire protocol §4.6. */
export interface CreateWithdrawalBody {
  /** 1 to 32 characters, e.g. `USDT`. */
  readonly currency: string;
  /** 1 to 32 characters, e.g. `ETH`. */
  readonly network: string;
  /** The recipient's address on the network, 10 to 256 characters. */
  readonly to_address: string;
  /**
   * What the recipient gets, in units of the currency: a decimal string such as `'10.5'`, greater than 0, with at most
   * the currency's `decimals` places. A number is a compile error: `0.1 + 0.2` is not `0.3`.
   */
  readonly amount: string;
  /**
   * The idempotency key, 1 to 128 characters: a repeat with the same parameters returns the first withdrawal. `null`
   * for none.
   */
  readonly client_reference?: string | null | undefined;
}

/** `POST /v1/withdrawals`: holds amount and fee at once, then broadcasts. Wire protocol §4.6. */
export const createWithdrawal = defineEndpoint({
  name: 'withdrawals.create',
  summary: 'Create a withdrawal',
  method: 'POST',
  path: '/v1/withdrawals',
  permission: 'withdraw',
  pathParameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: typed<CreateWithdrawalBody>()(
    z.strictObject({
      currency: wireText(1, 32),
      network: wireText(1, 32),
      // On the wire a JSON number of at most 15 significant digits is accepted too, as rounded by `JSON.parse`.
      amount: requestAmount,
      to_address: wireText(10, 256),
      client_reference: z.nullish(wireText(1, 128)),
    }),
  ),
  rejections: [
    'withdrawals_not_enabled',
    'amount_below_minimum',
    'invalid_destination_address',
    'insufficient_available_balance',
    'client_reference_conflict',
  ],
  response: single(createdWithdrawal),
});
