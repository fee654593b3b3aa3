import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { single, wireText } from './schemas.ts';

/** The address that funds the account's withdrawals on one network. Wire protocol §4.4. */
export interface HotWallet {
  /** In upper case, whatever the case in the request. */
  readonly network: string;
  /** Send funds for withdrawals here. It does not change. */
  readonly address: string;
}

/** The schema of a {@link HotWallet}. */
export const hotWallet = typed<HotWallet>()(z.looseObject({ network: z.string(), address: z.string() }));

/** What `hotWallet.get` needs. Wire protocol §4.4. */
export interface GetHotWalletQuery {
  /** 1 to 32 characters, e.g. `ETH`; case does not matter. */
  readonly network: string;
}

/** `GET /v1/hot-wallet-address`: the address that funds withdrawals. Wire protocol §4.4. */
export const getHotWallet = defineEndpoint({
  name: 'hotWallet.get',
  summary: 'Get the hot wallet address of a network',
  method: 'GET',
  path: '/v1/hot-wallet-address',
  permission: 'request_withdrawal_funding_address',
  pathParameters: NO_PARAMETERS,
  query: typed<GetHotWalletQuery>()(z.object({ network: wireText(1, 32) })),
  body: null,
  rejections: ['network_not_found', 'hot_wallet_not_allocated'],
  response: single(hotWallet),
});
