import { randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { errorEnvelope } from '@cpg/protocol';
import express, { type RequestHandler, type Router } from 'express';

const require = createRequire(import.meta.url);
const DIST = join(dirname(require.resolve('@cpg/console/package.json')), 'dist');

/** The header with the token of the console's page. */
export const TOKEN_HEADER = 'X-CPG-Console-Token';

/** The token that the page of this process carries. A page of another site cannot read it. */
export const createConsoleToken = (): string => randomBytes(32).toString('base64url');

const isEqual = (given: string, expected: string): boolean =>
  given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));

/**
 * Requires the token for changes that a browser asks for. Other programs, such as curl and `cpg`, send neither header: a
 * page of another site cannot make them send anything. It adds to `operationsGuard`, which rejects other origins.
 */
export const consoleGuard =
  (token: string): RequestHandler =>
  (request, response, next) => {
    const isBrowser = request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead || !isBrowser || isEqual(request.get(TOKEN_HEADER) ?? '', token)) next();
    else
      response
        .status(403)
        .json(errorEnvelope(`${TOKEN_HEADER}: expected the token of the page. Fix: reload the page`));
  };

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // No text can become HTML or script, whatever the page does with it.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const NOT_BUILT = 'The console is not built. Fix: npm run build';

/** The page with the token. Read each time: a build while the gateway runs changes the names of the files. */
const readPage = (token: string): string | undefined => {
  const file = join(DIST, 'index.html');
  return existsSync(file) ? readFileSync(file, 'utf8').replace('%CPG_CONSOLE_TOKEN%', token) : undefined;
};

/** The console of the sandbox, at `/` of the operations port. */
export const createConsoleRouter = (token: string): Router => {
  const router = express.Router();
  router.get('/', (_request, response) => {
    const page = readPage(token);
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    response.setHeader('Cache-Control', 'no-store');
    if (page === undefined) response.status(503).type('text').send(NOT_BUILT);
    else response.type('html').send(page);
  });
  // The names of assets contain a hash of their content.
  router.use(
    '/assets',
    express.static(join(DIST, 'assets'), { index: false, immutable: true, maxAge: '1y', redirect: false }),
  );
  router.get('/favicon.svg', (_request, response) => response.sendFile('favicon.svg', { root: DIST }));
  return router;
};
