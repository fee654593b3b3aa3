import type { WebhookEventName } from '@cpg/protocol';

const common = { currency: 'USDT', network: 'ETH', amount: '25.000000' };

const deposit = {
  deposit_request_id: 1,
  user_identifier: null,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  ...common,
  tx_hash: '0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060',
  confirmations: 12,
  block_number: 1_000_000,
};

const withdrawal = {
  withdrawal_id: 1,
  client_reference: null,
  ...common,
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  fee: '5.000000',
  tx_hash: '0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060',
  error_message: null,
};

/** Data that an event of this name could carry. */
export const sampleData = (event: WebhookEventName): object =>
  event.startsWith('deposit.') ? deposit : { ...withdrawal, status: event.slice('withdrawal.'.length) };
