import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type RequestHandler, type Router } from 'express';

const require = createRequire(import.meta.url);
const GATEWAY = require.resolve('@cpg/gateway/package.json');
const SWAGGER_UI = require.resolve('swagger-ui-dist/package.json');
const PROTOCOL = require.resolve('@cpg/protocol/package.json');

/** Serves one file of the package whose package.json is at `manifest`. */
export const packageFile = (manifest: string, file: string): RequestHandler => {
  // `root` is required: Express rejects absolute paths through hidden folders, such as pnpm's `.pnpm`.
  const root = dirname(manifest);
  return (_request, response) => response.sendFile(file, { root });
};

const FILES: Readonly<Record<string, RequestHandler>> = {
  '/docs': packageFile(GATEWAY, 'public/docs.html'),
  '/docs/docs.js': packageFile(GATEWAY, 'public/docs.js'),
  '/docs/swagger-ui.css': packageFile(SWAGGER_UI, 'swagger-ui.css'),
  '/docs/swagger-ui-bundle.js': packageFile(SWAGGER_UI, 'swagger-ui-bundle.js'),
  '/docs/favicon.png': packageFile(SWAGGER_UI, 'favicon-32x32.png'),
  '/openapi.json': packageFile(PROTOCOL, 'openapi.json'),
};

/** `/openapi.json` and its reference at `/docs`. All assets are served by the gateway. */
export const createReferenceRouter = (): Router => {
  // Strict: asset URLs are relative to `/docs`, so they also work behind a proxy with a path prefix.
  const router = express.Router({ strict: true });
  router.get('/docs/', (_request, response) => response.redirect(308, '../docs'));
  for (const [path, serve] of Object.entries(FILES)) router.get(path, serve);
  return router;
};
