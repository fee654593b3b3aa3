// Reads the USDT balance on ETH with fetch and node:crypto alone.
// The defaults are the reference gateway and its published demo key.
import { createHash, createHmac } from 'node:crypto';

const {
  CPG_BASE_URL: baseUrl = 'http://127.0.0.1:8787',
  CPG_KEY_ID: keyId = 'ck_demo_full',
  CPG_SECRET: secret = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION',
} = process.env;

const timestamp = String(Math.floor(Date.now() / 1000));
const path = '/v1/balances';
const query = 'currency=USDT&network=ETH'; // sign exactly the query that is sent
const body = '';

const bodyHash = createHash('sha256').update(body).digest('hex');
const canonical = [timestamp, 'GET', path, query, bodyHash].join('\n');
const signature = createHmac('sha256', secret).update(canonical).digest('hex');

const response = await fetch(`${baseUrl}${path}?${query}`, {
  headers: { 'X-CPG-Key': keyId, 'X-CPG-Timestamp': timestamp, 'X-CPG-Signature': signature },
  redirect: 'error',
});
const envelope = await response.json();
if (!envelope.success) throw new Error(`rejected: ${response.status} ${envelope.message}`);

process.stdout.write(`available ${envelope.data[0].available}\n`);
