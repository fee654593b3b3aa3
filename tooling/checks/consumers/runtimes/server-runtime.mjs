// Node.js, Bun or Deno: runs `exercise` with the default transport, which is fetch without axios, and the service.
import { CpgClient } from '@cpg/client';
import { exercise, payOnce } from './exercise.mjs';
import { serveAndExercise } from './serve.mjs';
import { startServers } from './servers.mjs';

const { settings, silentUrl, stop } = await startServers();
const { unsent } = await exercise(new CpgClient(settings.credentials), settings);

// The fetch of Node.js tells whether it has begun to send when the call ends; others do not.
const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
const late = await payOnce({ ...settings.credentials, baseUrl: silentUrl, timeoutMs: 300 });
const expected = isNode ? 'timeout' : 'outcome_unknown';
if (late.code !== expected) throw new Error(`a handshake that takes too long is ${late.code}`);
await stop();
if (unsent !== 'connection_failed') throw new Error(`a call that was never sent is ${unsent}`);
const count = await serveAndExercise();
process.stdout.write(
  `ok: ${globalThis.navigator?.userAgent ?? process.version}, ${count} requests to the service\n`,
);
process.exit(0);
