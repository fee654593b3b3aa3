import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

export interface Tarball {
  readonly name: string;
  readonly file: string;
}

const LIBRARIES = ['packages/protocol', 'packages/client', 'packages/server-middleware'];

/** Packs the published libraries as they would go to the registry. */
export const packPackages = async (destination: string): Promise<Tarball[]> => {
  const tarballs: Tarball[] = [];
  for (const folder of LIBRARIES) {
    const cwd = join(REPOSITORY_ROOT, folder);
    const manifest: unknown = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
    const { name, version } = manifest as { readonly name: string; readonly version: string };
    await runCommand('pnpm', ['pack', '--pack-destination', destination], cwd);
    tarballs.push({ name, file: join(destination, `${name.slice(1).replace('/', '-')}-${version}.tgz`) });
  }
  return tarballs;
};
