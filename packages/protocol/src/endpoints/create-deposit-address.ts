import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { integerId, single, wireText } from './schemas.ts';

/** An address to show to a payer, and the deposit request that monitors it. Wire protocol §4.3. */
export interface DepositAddress {
  /** Pass it to `depositRequests.get` and `depositRequests.waitForDeposit`. */
  readonly request_id: number;
  /** The address that the payer sends to. */
  readonly address: string;
  /** The network, e.g. `ETH`. */
  readonly network: string;
  /** The currency's symbol, e.g. `USDT`. */
  readonly currency: string;
  /** The address of the token's contract; `null` for the native currency of the network. */
  readonly contract_address: string | null;
  /** As given in the request; `null` when none was given. */
  readonly user_identifier: string | null;
  /** Show the address until then; it is monitored afterwards too. ISO 8601, UTC, whole seconds. */
  readonly display_expires_at: string;
  /** When the request was created: ISO 8601, UTC, whole seconds. */
  readonly created_at: string;
}

/** The schema of a {@link DepositAddress}. */
export const depositAddress = typed<DepositAddress>()(
  z.looseObject({
    request_id: integerId,
    address: z.string(),
    network: z.string(),
    currency: z.string(),
    contract_address: z.nullable(z.string()),
    user_identifier: z.nullable(z.string()),
    display_expires_at: z.string(),
    created_at: z.string(),
  }),
);

/** What `depositAddresses.create` sends. Wire protocol §4.3. */
export interface CreateDepositAddressBody {
  /** 1 to 32 characters, e.g. `USDT`. */
  readonly currency: string;
  /** 1 to 32 characters, e.g. `ETH`. */
  readonly network: string;
  /** Your user, 1 to 256 characters: the same value always gets the same address. Without one, addresses are reused. */
  readonly user_identifier?: string | null | undefined;
  /**
   * 1 to 128 characters: a repeat with the same parameters returns the first response. With `null` every call creates a
   * new request.
   */
  readonly idempotency_key?: string | null | undefined;
}

/** `POST /v1/deposit-addresses`: requests an address to receive a deposit. Wire protocol §4.3. */
export const createDepositAddress = defineEndpoint({
  name: 'depositAddresses.create',
  summary: 'Request a deposit address',
  method: 'POST',
  path: '/v1/deposit-addresses',
  permission: 'request_deposit_address',
  pathParameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: typed<CreateDepositAddressBody>()(
    z.strictObject({
      currency: wireText(1, 32),
      network: wireText(1, 32),
      user_identifier: z.nullish(wireText(1, 256)),
      idempotency_key: z.nullish(wireText(1, 128)),
    }),
  ),
  rejections: ['deposits_not_enabled', 'idempotency_key_conflict'],
  response: single(depositAddress),
});
