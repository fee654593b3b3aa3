// Reads the USDT balance on ETH with @cpg/client, which signs, retries and checks the response.
// The defaults are the reference gateway and its published demo key.
import { CpgClient } from '@cpg/client';

const {
  CPG_BASE_URL: baseUrl = 'http://127.0.0.1:8787',
  CPG_KEY_ID: keyId = 'ck_demo_full',
  CPG_SECRET: secret = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION',
} = process.env;

const cpg = new CpgClient({ baseUrl, keyId, secret });
const { data } = await cpg.balances.list({ currency: 'USDT', network: 'ETH' });

process.stdout.write(`available ${data[0].available}\n`);
