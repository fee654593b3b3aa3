import { CpgClient, CpgError } from '@cpg/client';

/**
 * One of several processes with the same key: makes the same read at the start of five seconds and prints the
 * outcomes as JSON. The first argument is the gateway's URL.
 */

const READS = 5;
const [, , baseUrl = ''] = process.argv;
const credentials = { keyId: 'ck_demo_full', secret: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION' };
const client = new CpgClient({ ...credentials, baseUrl });

const failures: string[] = [];
let reads = 0;
let attempts = 0;
// All processes of a test start within this time, so that they make each read in the same second.
const start = Math.ceil(Date.now() / 10_000) * 10_000;
for (let second = 0; second < READS; second += 1) {
  await new Promise((resolve) => setTimeout(resolve, start + second * 1000 - Date.now()));
  try {
    const { response } = await client.balances.list().withResponse();
    reads += 1;
    attempts += response.attempts;
  } catch (error) {
    failures.push(CpgError.is(error) ? error.message : String(error));
  }
}
process.stdout.write(JSON.stringify({ failures, reads, attempts }));
client.close();
