// List balances: GET /v1/balances.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.balances.list({ currency: 'USDT', network: 'ETH' });
process.stdout.write(`${JSON.stringify(envelope)}\n`);
