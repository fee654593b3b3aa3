import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type RequestHandler, type Router } from 'express';

const require = createRequire(import.meta.url);
const GATEWAY = require.resolve('@cpg/gateway/package.json');
const PROTOCOL = require.resolve('@cpg/protocol/package.json');

/** Serves one file of the package whose package.json is at `manifest`. */
const packageFile = (manifest: string, file: string): RequestHandler => {
  // `root` is required: Express rejects absolute paths through hidden folders, such as pnpm's `.pnpm`.
  const root = dirname(manifest);
  return (_request, response) => response.sendFile(file, { root });
};

/** `/openapi.json`, and the documentation site at `/docs/`, which the build puts into this package. */
export const createReferenceRouter = (): Router => {
  // Strict: the links of the site are relative to `/docs/`, so they also work behind a proxy with a path prefix.
  const router = express.Router({ strict: true });
  router.get('/openapi.json', packageFile(PROTOCOL, 'openapi.json'));
  router.get('/docs', (_request, response) => response.redirect(308, 'docs/'));
  router.use('/docs/', express.static(join(dirname(GATEWAY), 'dist/docs'), { redirect: false }));
  return router;
};
