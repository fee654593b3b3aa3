// Create a withdrawal: POST /v1/withdrawals.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.withdrawals.create({
  currency: 'USDT',
  network: 'ETH',
  amount: '25.5',
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  client_reference: 'payout-2026-001',
});
process.stdout.write(`${JSON.stringify(envelope)}\n`);
