import { CpgClient, sumAvailable } from '@cpg/client';

const { CPG_BASE_URL = '', CPG_KEY_ID = '', CPG_SECRET = '' } = process.env;
const cpg = new CpgClient({ baseUrl: CPG_BASE_URL, keyId: CPG_KEY_ID, secret: CPG_SECRET });

const { data } = await cpg.balances.list({ currency: 'USDT' });
for (const { network, available } of data) console.log(`${available} on ${network}`);
console.log(`${sumAvailable(data, { currency: 'USDT' })} in all`);
