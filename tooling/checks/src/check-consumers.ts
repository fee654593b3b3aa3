import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tarball } from './pack-packages.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

const PROJECTS = join(REPOSITORY_ROOT, 'tooling/checks/consumers');

// What both TypeScript projects compile, each under its own module resolution.
const SHARED_PROGRAM = 'use.ts';

/** Each project with the commands that use the installed packages as an integrator or a service team would. */
const COMMANDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  esm: [['node', 'use.mjs']],
  cjs: [['node', 'use.cjs']],
  'types-nodenext': [
    ['npx', 'tsc'],
    ['node', 'use.js'],
  ],
  'types-bundler': [['npx', 'tsc']],
  core: [['node', 'use.mjs']],
};

// npm installs peer dependencies by itself: Express, for express-rate-limit.
const INSTALL_OPTIONS: Readonly<Record<string, readonly string[]>> = { core: ['--omit=peer'] };

/** One check a project: installs the tarballs with plain npm, outside the workspace, and uses them. */
export const checkConsumers = (folder: string, tarballs: readonly Tarball[]) =>
  Object.entries(COMMANDS).map(([project, commands]) => ({
    name: `consumer ${project}`,
    run: async () => {
      const cwd = join(folder, project);
      await cp(join(PROJECTS, project), cwd, { recursive: true });
      await cp(join(PROJECTS, SHARED_PROGRAM), join(cwd, SHARED_PROGRAM));
      const manifest: unknown = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
      const { dependencies, ...rest } = manifest as { readonly dependencies: Record<string, string> };
      const packed = Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`]));
      const extended = JSON.stringify({ ...rest, dependencies: { ...dependencies, ...packed } });
      await writeFile(join(cwd, 'package.json'), extended);
      const installOptions = [
        '--no-audit',
        '--no-fund',
        '--prefer-offline',
        ...(INSTALL_OPTIONS[project] ?? []),
      ];
      await runCommand('npm', ['install', ...installOptions], cwd);
      for (const [program = '', ...parameters] of commands) await runCommand(program, parameters, cwd);
    },
  }));
