import { existsSync, readdirSync } from 'node:fs';

const INSTALLED = '/usr/lib/postgresql';

/** The folder of the newest PostgreSQL server programs, which Debian keeps out of the PATH; or `undefined`. */
export const findPostgresPrograms = (): string | undefined => {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  return newest === undefined ? undefined : `${INSTALLED}/${newest}/bin`;
};
