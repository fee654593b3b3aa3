// List transactions: GET /v1/transactions.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.transactions.list({ direction: 'withdrawal', limit: 20 });
process.stdout.write(`${JSON.stringify(envelope)}\n`);
