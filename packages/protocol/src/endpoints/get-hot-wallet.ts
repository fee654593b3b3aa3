import { z } from 'zod';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { single, wireText } from './schemas.ts';

/** The address that funds an account's withdrawals on one network. Wire protocol §4.4. */
export const hotWallet = z.looseObject({
  /** In upper case, whatever the case in the request. */
  network: z.string(),
  address: z.string(),
});

/** The address that funds an account's withdrawals on one network. Wire protocol §4.4. */
export type HotWallet = z.output<typeof hotWallet>;

/** `GET /v1/hot-wallet-address`: the address that funds withdrawals. Wire protocol §4.4. */
export const getHotWallet = defineEndpoint({
  name: 'hotWallet.get',
  summary: 'Get the hot wallet address of a network',
  method: 'GET',
  path: '/v1/hot-wallet-address',
  permission: 'request_withdrawal_funding_address',
  pathParameters: NO_PARAMETERS,
  query: z.object({ network: wireText(1, 32) }),
  body: null,
  rejections: ['network_not_found', 'hot_wallet_not_allocated'],
  response: single(hotWallet),
});
