import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { Tarball } from './pack-packages.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

const GENERATORS = join(REPOSITORY_ROOT, 'packages/protocol/generators');
const MODULES = ['main', 'run-vectors'];

/** npm packages that are JavaScript runtimes, and what goes before the script: the least Node.js that we support, then newer ones. */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  'node@20.19.0': [],
  'node@20': [],
  'node@22': [],
  'node@24': [],
  'node@26': [],
  bun: ['run'],
  deno: ['run', '--allow-all'],
};

/** Plain JavaScript of the vector runner: Node 20 does not read TypeScript. */
const writeRunner = async (folder: string): Promise<void> => {
  for (const name of MODULES) {
    const source = await readFile(join(GENERATORS, `${name}.ts`), 'utf8');
    const plain = stripTypeScriptTypes(source).replace(/(from '\.\/[a-z-]+)\.ts'/g, "$1.mjs'");
    await writeFile(join(folder, `${name}.mjs`), plain);
  }
};

const install = async (folder: string, tarballs: readonly Tarball[]): Promise<void> => {
  await mkdir(folder);
  const protocol = tarballs.find(({ name }) => name === '@cpg/protocol');
  if (protocol === undefined) throw new Error('Expected a packed @cpg/protocol: got none.');
  await cp(protocol.file, join(folder, 'protocol.tgz'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await runCommand(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', './protocol.tgz'],
    folder,
  );
  await writeRunner(folder);
};

/** One check a runtime: the packed protocol, installed with plain npm, passes the vectors that it carries. */
export const checkRuntimes = (folder: string, tarballs: readonly Tarball[]) => {
  const cwd = join(folder, 'runtimes');
  let installed: Promise<void> | undefined;
  return Object.entries(RUNTIMES).map(([runtime, parameters]) => ({
    name: `vectors on ${runtime}`,
    run: async () => {
      installed ??= install(cwd, tarballs);
      await installed;
      const output = await runCommand(
        'npx',
        ['-y', '--prefer-offline', runtime, ...parameters, 'main.mjs'],
        cwd,
      );
      if (!/^signing [1-9]\d*, verification [1-9]\d*, webhooks [1-9]\d*$/m.test(output)) {
        throw new Error(`Expected the counts of vectors: got ${output}`);
      }
    },
  }));
};
