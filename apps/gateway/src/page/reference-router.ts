import express, { type RequestHandler, type Router } from 'express';
import { packageFile } from './package-files.ts';

const FILES: Readonly<Record<string, RequestHandler>> = {
  '/docs': packageFile('@cpg/gateway', 'public/docs.html'),
  '/docs/docs.js': packageFile('@cpg/gateway', 'public/docs.js'),
  '/docs/swagger-ui.css': packageFile('swagger-ui-dist', 'swagger-ui.css'),
  '/docs/swagger-ui-bundle.js': packageFile('swagger-ui-dist', 'swagger-ui-bundle.js'),
  '/docs/favicon.png': packageFile('swagger-ui-dist', 'favicon-32x32.png'),
  '/openapi.json': packageFile('@cpg/protocol', 'openapi.json'),
};

/** `/openapi.json`, and `/docs` to read it by, with every asset from this machine. */
export const createReferenceRouter = (): Router => {
  const router = express.Router();
  for (const [path, serve] of Object.entries(FILES)) router.get(path, serve);
  return router;
};
