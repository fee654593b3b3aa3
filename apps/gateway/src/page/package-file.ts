import { dirname } from 'node:path';
import type { RequestHandler } from 'express';

/** Serves one file of a package, which is named by where its package.json is. */
export const packageFile = (manifest: string, file: string): RequestHandler => {
  // A root, as Express refuses absolute paths through hidden folders, in which pnpm keeps packages.
  const root = dirname(manifest);
  return (_request, response) => response.sendFile(file, { root });
};
