import { CpgClient, OutcomeUnknownError, toDecimal } from '@cpg/client';

const { CPG_BASE_URL = '', CPG_KEY_ID = '', CPG_SECRET = '' } = process.env;
const cpg = new CpgClient({ baseUrl: CPG_BASE_URL, keyId: CPG_KEY_ID, secret: CPG_SECRET });

const order = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  amount: toDecimal('12.5').times(2).toFixed(6),
  client_reference: 'payout-2026-0001',
};
try {
  const { data } = await cpg.withdrawals.create(order);
  const { data: final } = await cpg.withdrawals.waitUntilFinal(data.withdrawal_id);
  console.log(`${final.amount} ${final.currency}: ${final.status}`);
} catch (error) {
  // Sent, but the reply was lost: repeat the same order later to learn the outcome.
  if (error instanceof OutcomeUnknownError) console.log(`unknown, repeat ${error.idempotencyReference}`);
  else throw error;
}
