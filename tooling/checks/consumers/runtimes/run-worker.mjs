// Bundles worker.mjs and service-worker.mjs as Cloudflare's tools do, and runs them in workerd.
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { exerciseService } from './exercise-service.mjs';
import { startServers } from './servers.mjs';

const { settings, stop } = await startServers();
const bytes = [...Buffer.from(settings.webhook.body)];
const define = { SETTINGS: JSON.stringify({ ...settings, webhook: { ...settings.webhook, body: bytes } }) };

const results = [];
const start = async (entryPoint, compatibilityFlags) => {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    define,
  });
  return new Miniflare({
    // The optional import of axios is left in the bundle.
    modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0].text }],
    compatibilityDate: '2025-01-01',
    compatibilityFlags,
  });
};

for (const compatibilityFlags of [['nodejs_compat'], []]) {
  const miniflare = await start('worker.mjs', compatibilityFlags);
  for (let request = 0; request < 2; request += 1) {
    const response = await miniflare.dispatchFetch('http://worker.example.com/');
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    results.push(text);
  }
  await miniflare.dispose();
}
await stop();
const service = await start('service-worker.mjs', ['nodejs_compat']);
const count = await exerciseService((target, init) =>
  service.dispatchFetch(`http://worker.example.com${target}`, init),
);
await service.dispose();
process.stdout.write(`ok: workerd ${results.join(' ')}, ${count} requests to the service\n`);
process.exit(0);
