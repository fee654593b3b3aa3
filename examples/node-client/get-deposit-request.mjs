// Get a deposit request: GET /v1/deposit-requests/{request_id}.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.depositRequests.get(5001);
process.stdout.write(`${JSON.stringify(envelope)}\n`);
