/**
 * `npm run docs`: serves the built site, and builds it again when a source changes. Requests to `/v1` go to the
 * gateway at CPG_BASE_URL, so that "Try it" works: start it with `npm run sandbox`.
 */
import { spawnSync } from 'node:child_process';
import { watch } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const { CPG_BASE_URL = 'http://127.0.0.1:8787', PORT = '8080' } = process.env;

/** In processes of their own, which read every source again. */
const build = (): void => {
  spawnSync('tsdown', { cwd: PACKAGE, stdio: 'inherit' });
  spawnSync(process.execPath, ['src/build.ts'], { cwd: PACKAGE, stdio: 'inherit' });
};

let timer: NodeJS.Timeout | undefined;
const buildSoon = (): void => {
  clearTimeout(timer);
  timer = setTimeout(build, 200);
};
for (const folder of [
  'src',
  'guides',
  'packages',
  '../../docs',
  '../../examples',
  '../gateway/docs',
  '../conformance/docs',
]) {
  watch(join(PACKAGE, folder), { recursive: true }, buildSoon);
}

const app = express();
app.use(
  createProxyMiddleware({
    pathFilter: '/v1',
    target: CPG_BASE_URL,
    on: {
      error: (_error, _request, response) => {
        if ('writeHead' in response) response.writeHead(502);
        response.end(`No gateway on ${CPG_BASE_URL}: npm run sandbox\n`);
      },
    },
  }),
);
app.use('/docs', express.static(join(PACKAGE, 'dist')));
app.get('/', (_request, response) => response.redirect('/docs/'));

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error;
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Documentation on http://127.0.0.1:${port}/docs/\n`);
});
