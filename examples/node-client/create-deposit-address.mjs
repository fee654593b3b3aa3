// Request a deposit address: POST /v1/deposit-addresses.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.depositAddresses.create({
  currency: 'USDT',
  network: 'ETH',
  user_identifier: 'user-42',
  idempotency_key: 'topup-2026-001',
});
process.stdout.write(`${JSON.stringify(envelope)}\n`);
