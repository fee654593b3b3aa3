// Uses the installed package as an ES module: calls, retries, webhooks and adapters. Exits with 0 on success.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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

// The command line starts without zod and axios: every command is loaded when it is called.
const readImports = (url, pattern = /^import .*? from "(.+?)";$/gm) =>
  [...readFileSync(url, 'utf8').matchAll(pattern)].flatMap(([, name]) =>
    name.startsWith('.') ? readImports(new URL(name, url)) : [name],
  );
const packages = readImports(new URL('cli.js', import.meta.resolve('@cpg/client')), /\bimport\("(.+?)"\)/g);
assert.deepEqual(
  [...new Set(packages)].filter((name) => !name.startsWith('node:')),
  ['commander'],
);

stranger.close();
cpg.close();
await gateway.stop();
process.stdout.write(`ok: ES module on Node.js ${process.versions.node}\n`);
