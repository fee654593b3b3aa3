import { createRequire } from 'node:module';
import express, { type Router } from 'express';
import { loopbackOnly } from '../sandbox/loopback-only.ts';
import { packageFile } from './package-file.ts';

const GATEWAY = createRequire(import.meta.url).resolve('@cpg/gateway/package.json');

const FILES: Readonly<Record<string, string>> = {
  '/': 'page.html',
  '/page.js': 'page.js',
  '/page.css': 'page.css',
};

/** The page of the sandbox at `/`, to this machine only. */
export const createPageRouter = (): Router => {
  const router = express.Router();
  for (const [path, file] of Object.entries(FILES)) {
    router.get(path, loopbackOnly, packageFile(GATEWAY, `public/${file}`));
  }
  return router;
};
