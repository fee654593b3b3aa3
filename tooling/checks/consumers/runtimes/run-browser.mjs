// Bundles page.mjs for a browser, without any part of Node.js, and runs it in Chromium.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { build } from 'esbuild';

await build({ entryPoints: ['page.mjs'], bundle: true, outfile: 'page.js', platform: 'browser' });
writeFileSync('page.html', '<!doctype html><title>running</title><script src="page.js"></script>');
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--allow-file-access-from-files', '--dump-dom'];
const dom = execFileSync('chromium', [...flags, `file://${process.cwd()}/page.html`], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
});
const [, title] = /<title>([^<]*)<\/title>/.exec(dom) ?? [];
if (!/^signing [1-9]\d*, verification [1-9]\d*, webhooks [1-9]\d*$/.test(title)) throw new Error(title);
process.stdout.write(`ok: browser, ${title}\n`);
