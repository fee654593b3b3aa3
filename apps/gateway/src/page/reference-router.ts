import { createRequire } from 'node:module';
import express, { type RequestHandler, type Router } from 'express';
import { packageFile } from './package-file.ts';

const require = createRequire(import.meta.url);
const GATEWAY = require.resolve('@cpg/gateway/package.json');
const SWAGGER_UI = require.resolve('swagger-ui-dist/package.json');
const PROTOCOL = require.resolve('@cpg/protocol/package.json');

const FILES: Readonly<Record<string, RequestHandler>> = {
  '/docs': packageFile(GATEWAY, 'public/docs.html'),
  '/docs/docs.js': packageFile(GATEWAY, 'public/docs.js'),
  '/docs/swagger-ui.css': packageFile(SWAGGER_UI, 'swagger-ui.css'),
  '/docs/swagger-ui-bundle.js': packageFile(SWAGGER_UI, 'swagger-ui-bundle.js'),
  '/docs/favicon.png': packageFile(SWAGGER_UI, 'favicon-32x32.png'),
  '/openapi.json': packageFile(PROTOCOL, 'openapi.json'),
};

/** `/openapi.json`, and `/docs` to read it by, with every asset from this machine. */
export const createReferenceRouter = (): Router => {
  const router = express.Router();
  for (const [path, serve] of Object.entries(FILES)) router.get(path, serve);
  return router;
};
