// Uses the installed package as an ES module: calls, retries, webhooks and adapters. Exits with 0 on success.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CpgClient, CpgError, signAxios, signFetch, sumAvailable, webhooks } from '@cpg/client';
import { postgresInbox } from '@cpg/client/inbox-postgres';
import { redisInbox } from '@cpg/client/inbox-redis';
import { makeWebhook, ScriptedGateway } from '@cpg/client/testing';
import axios from 'axios';

const gateway = await ScriptedGateway.start();
const options = gateway.clientOptions;
const cpg = new CpgClient(options);

const row = { currency: 'USDT', network: 'ETH', balance: '3.0', held: '1.0', available: '2.0' };
gateway.reply('balances.list', { lost: true }, { data: [row] });
const { result, response } = await cpg.balances.list({ currency: "a'é b" }).withResponse();
assert.equal(response.attempts, 2);
assert.equal(sumAvailable(result.data, { currency: 'usdt' }).toFixed(), '2');

const signed = signAxios(axios.create(), options);
assert.deepEqual((await signed.get(`${options.baseUrl}/v1/balances?x=1`)).data.data, [row]);
assert.equal((await signFetch(fetch, options)('/v1/balances?x=2')).status, 200);

const stranger = new CpgClient({ ...options, secret: 'wrong' });
await assert.rejects(
  async () => stranger.ping(),
  (error) => CpgError.is(error) && error.rejection === 'invalid_signature',
);

const { headers, body } = makeWebhook({ secret: 's', event: 'deposit.confirmed' });
assert.equal(webhooks.verify({ secret: 's', headers, body }).event, 'deposit.confirmed');

const inbox = postgresInbox(async () => [{ state: 'claimed' }]);
assert.deepEqual(await inbox.claim({ eventId: 1, token: 't' }, 1_000), { state: 'claimed' });
assert.throws(() => redisInbox({}), CpgError);

// Which modules a command loads decides how long it takes to start: a package of its own is loaded by calls of a proxy only.
const manifest = import.meta.resolve('@cpg/client/package.json');
const program = fileURLToPath(new URL(JSON.parse(readFileSync(new URL(manifest), 'utf8')).bin.cpg, manifest));
const toModule = (source) => `data:text/javascript,${encodeURIComponent(source)}`;
const trace = toModule(`import { writeSync } from 'node:fs';
  export const load = (url, context, next) => { writeSync(2, url + '\\n'); return next(url, context); };`);
const hooks = toModule(`import { register } from 'node:module'; register(${JSON.stringify(trace)});`);
const findLoaded = async (argv, env = {}) => {
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', hooks, program, ...argv], {
    env: { CPG_BASE_URL: options.baseUrl, CPG_KEY_ID: options.keyId, CPG_SECRET: options.secret, ...env },
  });
  const urls = stderr.split('\n').filter((line) => line.startsWith('file:'));
  const names = urls.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? '@cpg/client');
  const packages = new Set(names.filter((name) => name !== '@cpg/client'));
  return { packages: [...packages], readsResponses: urls.some((url) => url.endsWith('/cli/endpoints.js')) };
};
const COMMANDER = { packages: ['commander'], readsResponses: false };
for (const argv of [['--version'], ['--help'], ['completion', 'bash'], ['sign', 'GET', '/v1/ping']]) {
  assert.deepEqual(await findLoaded(argv), COMMANDER, argv[0]);
}
gateway.reply('ping', ...[1, 2].map(() => ({ data: { pong: true } })));
assert.deepEqual(await findLoaded(['ping']), { ...COMMANDER, readsResponses: true });
const proxied = await findLoaded(['ping'], { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' });
assert.ok(proxied.packages.includes('axios'));

stranger.close();
cpg.close();
await gateway.stop();
process.stdout.write(`ok: ES module on Node.js ${process.versions.node}\n`);
