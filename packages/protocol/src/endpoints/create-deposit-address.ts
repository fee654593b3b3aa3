import { z } from 'zod';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { integerId, single, wireText } from './schemas.ts';

/** An address to show to a payer, and the deposit request that monitors it. Wire protocol §4.3. */
export const depositAddress = z.looseObject({
  request_id: integerId,
  address: z.string(),
  network: z.string(),
  currency: z.string(),
  contract_address: z.string().nullable(),
  user_identifier: z.string().nullable(),
  /** Show the address until then; it is monitored afterwards too. */
  display_expires_at: z.string(),
  created_at: z.string(),
});

/** An address to show to a payer. Wire protocol §4.3. */
export type DepositAddress = z.output<typeof depositAddress>;

/** `POST /v1/deposit-addresses`: requests an address to receive a deposit. Wire protocol §4.3. */
export const createDepositAddress = defineEndpoint({
  name: 'depositAddresses.create',
  summary: 'Request a deposit address',
  method: 'POST',
  path: '/v1/deposit-addresses',
  permission: 'request_deposit_address',
  pathParameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: z.strictObject({
    currency: wireText(1, 32),
    network: wireText(1, 32),
    /** Makes the address sticky: the same value always gets the same address. */
    user_identifier: wireText(1, 256).nullish(),
    /**
     * A repeat with the same parameters returns the first response; without it, every call creates a new
     * request.
     */
    idempotency_key: wireText(1, 128).nullish(),
  }),
  rejections: ['deposits_not_enabled', 'idempotency_key_conflict'],
  response: single(depositAddress),
});
