// Get a withdrawal: GET /v1/withdrawals/{withdrawal_id}.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.withdrawals.get(1001);
process.stdout.write(`${JSON.stringify(envelope)}\n`);
