import express, { type Router } from 'express';
import { loopbackOnly } from '../sandbox/loopback-only.ts';
import { packageFile } from './package-files.ts';

const FILES: Readonly<Record<string, string>> = {
  '/': 'page.html',
  '/page.js': 'page.js',
  '/page.css': 'page.css',
};

/** The page of the sandbox at `/`, to this machine only. */
export const createPageRouter = (): Router => {
  const router = express.Router();
  for (const [path, file] of Object.entries(FILES)) {
    router.get(path, loopbackOnly, packageFile('@cpg/gateway', `public/${file}`));
  }
  return router;
};
