// Bundles worker.mjs as Cloudflare's tools do, and runs it in workerd.
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { startServers } from './servers.mjs';

const { settings, stop } = await startServers();
const bytes = [...Buffer.from(settings.webhook.body)];
const define = { SETTINGS: JSON.stringify({ ...settings, webhook: { ...settings.webhook, body: bytes } }) };

const results = [];
for (const compatibilityFlags of [['nodejs_compat'], []]) {
  const { outputFiles } = await build({
    entryPoints: ['worker.mjs'],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    define,
  });
  const miniflare = new Miniflare({
    // The optional import of axios is left in the bundle.
    modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0].text }],
    compatibilityDate: '2025-01-01',
    compatibilityFlags,
  });
  for (let request = 0; request < 2; request += 1) {
    const response = await miniflare.dispatchFetch('http://worker.example.com/');
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    results.push(text);
  }
  await miniflare.dispose();
}
await stop();
process.stdout.write(`ok: workerd ${results.join(' ')}\n`);
process.exit(0);
