import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { RequestHandler } from 'express';

const require = createRequire(import.meta.url);

/** Serves one file of an installed package, this one included. */
export const packageFile = (name: string, file: string): RequestHandler => {
  // A root, as Express refuses absolute paths through hidden folders, in which pnpm keeps packages.
  const root = dirname(require.resolve(`${name}/package.json`));
  return (_request, response) => response.sendFile(file, { root });
};
