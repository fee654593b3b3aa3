import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import { findPostgresPrograms } from './postgres-programs.ts';

const PATH = `${process.env.PATH}:${findPostgresPrograms() ?? ''}`;

const isInstalled = (program: string): boolean =>
  spawnSync('which', [program], { env: { ...process.env, PATH } }).status === 0;

/**
 * `describe` for tests that need another program (redis-server, postgres, php, python3, openssl …). Missing on a laptop,
 * they are skipped with a line that says so; missing in CI (`CI=true`), they run and fail.
 */
export const describeWithProgram = (program: string, name: string, body: () => void): void => {
  if (isInstalled(program) || process.env.CI === 'true') {
    describe(name, body);
    return;
  }
  process.stderr.write(`SKIPPED: ${name} (needs ${program}, which is not installed)\n`);
  describe.skip(`${name} (needs ${program})`, body);
};
