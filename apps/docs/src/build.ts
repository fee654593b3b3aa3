/** Writes the site to `dist`. The programs of its pages are in `dist/assets` before: `tsdown` writes them. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSite } from './site.ts';

export const DIST = fileURLToPath(new URL('../dist', import.meta.url));

for (const [path, content] of createSite()) {
  const file = join(DIST, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
copyFileSync(new URL('icon.svg', import.meta.url), join(DIST, 'assets/icon.svg'));
