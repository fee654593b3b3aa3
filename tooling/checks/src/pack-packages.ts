import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

export interface Tarball {
  readonly name: string;
  readonly file: string;
}

const LIBRARIES = ['packages/protocol', 'packages/client', 'packages/server-middleware'];
const PROGRAMS = ['apps/conformance'];

const pack = (folders: readonly string[], destination: string): Promise<Tarball[]> =>
  Promise.all(
    folders.map(async (folder) => {
      const cwd = join(REPOSITORY_ROOT, folder);
      const manifest: unknown = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
      const { name, version } = manifest as { readonly name: string; readonly version: string };
      await runCommand('pnpm', ['pack', '--pack-destination', destination], cwd);
      return { name, file: join(destination, `${name.slice(1).replace('/', '-')}-${version}.tgz`) };
    }),
  );

/** Packs what is published as it would go to the registry: libraries, which are imported, and programs, which are run. */
export const packPackages = async (destination: string) => ({
  libraries: await pack(LIBRARIES, destination),
  programs: await pack(PROGRAMS, destination),
});
