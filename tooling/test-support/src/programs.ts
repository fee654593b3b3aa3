import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'vitest';

/** Whether the tests run in CI, where the longest ones run whole. */
export const isCi = process.env.CI === 'true';

/** The environment of programs that must not read the variables of the tests: where programs are, and the cache of compiled modules. */
export const CLEAN_ENVIRONMENT: NodeJS.ProcessEnv = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].map((name) => [name, process.env[name]]),
);

const POSTGRES = '/usr/lib/postgresql';

/** The folder of the newest PostgreSQL server programs, which Debian keeps out of the PATH; or `undefined`. */
export const findPostgresPrograms = (): string | undefined => {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : [];
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  return newest === undefined ? undefined : `${POSTGRES}/${newest}/bin`;
};
const SEARCHED = `${process.env.PATH}:${findPostgresPrograms() ?? ''}`;

/** Whether a program is in the PATH or among those of PostgreSQL. */
export const isInstalled = (program: string): boolean =>
  spawnSync('which', [program], { env: { ...process.env, PATH: SEARCHED } }).status === 0;

/**
 * `describe` for tests that need another program (redis-server, postgres, php, python3, openssl …). Missing on a laptop,
 * they are skipped with a line that says so; missing in CI (`CI=true`), they run and fail.
 */
export const describeWithProgram = (program: string, name: string, body: () => void): void => {
  if (isInstalled(program) || isCi) {
    describe(name, body);
    return;
  }
  process.stderr.write(`SKIPPED: ${name} (needs ${program}, which is not installed)\n`);
  describe.skip(`${name} (needs ${program})`, body);
};

/** `describe` for long tests: they run in CI (`CI=true`) and are skipped elsewhere, with a line that says so. */
export const describeInCi = (name: string, body: () => void): void => {
  announceSkip(name);
  describe.skipIf(!isCi)(name, body);
};

/** A number of rounds: `inCi` in CI (`CI=true`), fewer elsewhere, with a line that says so. */
export const countRounds = (name: string, inCi: number, elsewhere: number): number => {
  if (isCi) return inCi;
  process.stderr.write(`SHORTENED: ${name}, ${elsewhere} rounds (${inCi} with CI=true)\n`);
  return elsewhere;
};

/** `it` for a long test, as `describeInCi`. */
export const itInCi = (name: string, body: () => void | Promise<void>): void => {
  announceSkip(name);
  it.skipIf(!isCi)(name, body);
};

const announceSkip = (name: string): void => {
  if (!isCi) process.stderr.write(`SKIPPED: ${name} (long, runs with CI=true)\n`);
};
