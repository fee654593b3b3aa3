import { createRequire } from 'node:module';
import express, { type Router } from 'express';
import { packageFile } from '../reference/reference-router.ts';

const require = createRequire(import.meta.url);
const GATEWAY = require.resolve('@cpg/gateway/package.json');
const SWAGGER_UI = require.resolve('swagger-ui-dist/package.json');

const FILES: Readonly<Record<string, string>> = {
  '/': 'page.html',
  '/page.js': 'page.js',
  '/page.css': 'page.css',
};

/** The page of the sandbox at `/` of the operations port. */
export const createPageRouter = (): Router => {
  const router = express.Router();
  for (const [path, file] of Object.entries(FILES)) {
    router.get(path, packageFile(GATEWAY, `public/${file}`));
  }
  router.get('/favicon.png', packageFile(SWAGGER_UI, 'favicon-32x32.png'));
  return router;
};
