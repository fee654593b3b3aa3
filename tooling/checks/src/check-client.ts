import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tarball } from './pack-packages.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

const PROGRAMS = join(REPOSITORY_ROOT, 'packages/client/consumers');
const RUNTIMES = ['node@20.19.0', 'node@22', 'node@24'];
const MODULES = { nodenext: 'nodenext', bundler: 'esnext' };

const install = async (cwd: string, tarballs: readonly Tarball[]): Promise<void> => {
  await mkdir(cwd);
  await cp(PROGRAMS, cwd, { recursive: true });
  const needed = tarballs.filter(({ name }) => name === '@cpg/protocol' || name === '@cpg/client');
  const packed = needed.map(({ name, file }) => [name, `file:${file}`]);
  const others = { axios: '^1.18.0', zod: '^4.0.0', typescript: '^5.9.0', '@types/node': '^20.0.0' };
  const dependencies = { ...Object.fromEntries(packed), ...others };
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await runCommand('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], cwd);
};

const compile = (resolution: string, module: string): readonly string[] => [
  'tsc',
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'],
  ...['--target', 'es2023', '--lib', 'es2023', '--module', module, '--moduleResolution', resolution],
  'types.ts',
];

/** The packed client, installed with plain npm: used on every supported Node.js, compiled, and run as `npx cpg`. */
export const checkClient = (folder: string, tarballs: readonly Tarball[]) => {
  const cwd = join(folder, 'client');
  let installed: Promise<void> | undefined;
  const check = (name: string, ...commands: readonly (readonly string[])[]) => ({
    name: `client ${name}`,
    run: async () => {
      installed ??= install(cwd, tarballs);
      await installed;
      for (const command of commands) await runCommand('npx', command, cwd);
    },
  });
  return [
    ...RUNTIMES.map((runtime) => {
      const run = (program: string) => ['-y', '--prefer-offline', runtime, program];
      return check(`on ${runtime}`, run('smoke.mjs'), run('smoke.cjs'));
    }),
    ...Object.entries(MODULES).map(([resolution, module]) =>
      check(`types, ${resolution}`, compile(resolution, module)),
    ),
    check('command line', ['cpg', '--version'], ['cpg', '--help']),
  ];
};
