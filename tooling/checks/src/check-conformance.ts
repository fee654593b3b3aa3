import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tarball } from './pack-packages.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

const PROJECT = join(REPOSITORY_ROOT, 'tooling/checks/consumers/conformance');
const OLDEST_RUNTIME = 'node@20.19.0';

const install = async (cwd: string, tarballs: readonly Tarball[]): Promise<void> => {
  await cp(PROJECT, cwd, { recursive: true });
  const needed = tarballs.filter(({ name }) => name === '@cpg/protocol' || name === '@cpg/conformance');
  const files = needed.map(({ file }) => file);
  await runCommand('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...files], cwd);
};

/** The packed suite, installed with plain npm: judges adapters and a server of that project, with every exit code, and as `npx` starts it. */
export const checkConformance = (folder: string, tarballs: readonly Tarball[]) => {
  const cwd = join(folder, 'conformance');
  let installed: Promise<void> | undefined;
  const check = (name: string, ...command: readonly string[]) => ({
    name: `conformance suite ${name}`,
    run: async () => {
      installed ??= install(cwd, tarballs);
      await installed;
      return runCommand('npx', command, cwd);
    },
  });
  return [
    check('as npx starts it', '@cpg/conformance', 'vectors', '--self'),
    check(`installed, on ${OLDEST_RUNTIME}`, '-y', '--prefer-offline', OLDEST_RUNTIME, 'use.mjs'),
  ];
};
