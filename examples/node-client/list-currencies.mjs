// List currencies: GET /v1/currencies.
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.currencies.list();
process.stdout.write(`${JSON.stringify(envelope)}\n`);
