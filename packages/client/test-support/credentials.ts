export const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
export const CREDENTIALS = { keyId: 'ck_test', secret: SECRET } as const;

export const BALANCE = {
  currency: 'USDT',
  network: 'ETH',
  balance: '1500.000000',
  held: '200.000000',
  available: '1300.000000',
} as const;

export const CREATED_WITHDRAWAL = {
  withdrawal_id: 7,
  status: 'broadcasted',
  tx_hash: '0xabc',
  network: 'ETH',
  currency: 'USDT',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount_decimal: '100.000000',
  fee_decimal: '5.000000',
} as const;

export const WITHDRAWAL_BODY = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: '100.000000',
} as const;
