/**
 * `npm run docs`: builds the site, serves it, and builds it again when a source changes. Requests to `/v1` go to the
 * gateway at CPG_BASE_URL, so that "Try it" works: start it with `npm run sandbox`.
 */
import { spawnSync } from 'node:child_process';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const { CPG_BASE_URL = 'http://127.0.0.1:8787', PORT = '8080' } = process.env;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** In a process of its own, which reads every source again. */
const build = (command: readonly string[]): void => {
  const [program = '', ...parameters] = command;
  spawnSync(program, parameters, { cwd: PACKAGE, stdio: 'inherit' });
};
const buildAll = (): void => {
  build(['tsdown']);
  build([process.execPath, 'src/build.ts']);
};

const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
  const url = new URL(CPG_BASE_URL);
  const { hostname, port } = url;
  const options = { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers };
  const outgoing = request(options, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response);
  });
  outgoing.on('error', () => response.writeHead(502).end(`No gateway on ${CPG_BASE_URL}: npm run sandbox\n`));
  incoming.pipe(outgoing);
};

const serveFile = async (path: string, response: ServerResponse): Promise<void> => {
  const file = path.endsWith('/') ? `${path}index.html` : path;
  try {
    const content = await readFile(join(PACKAGE, 'dist', normalize(file)));
    response
      .writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' })
      .end(content);
  } catch {
    response.writeHead(404).end('Not found\n');
  }
};

const server = createServer((incoming, response) => {
  const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
  if (pathname.startsWith('/v1/')) forward(incoming, response);
  else if (pathname.startsWith('/docs/')) void serveFile(pathname.slice('/docs'.length), response);
  else response.writeHead(307, { Location: '/docs/' }).end();
});

let timer: NodeJS.Timeout | undefined;
const rebuildSoon = (): void => {
  clearTimeout(timer);
  timer = setTimeout(buildAll, 200);
};

buildAll();
for (const folder of ['src', 'guides', '../../docs', '../../examples']) {
  watch(join(PACKAGE, folder), { recursive: true }, rebuildSoon);
}
server.listen(Number(PORT), '127.0.0.1', () => {
  process.stdout.write(`Documentation on http://127.0.0.1:${PORT}/docs/\n`);
});
