import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const readOwner = (file: string): number | undefined => {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

/**
 * Claims the folder of an embedded database for this process, until it ends: two at once would destroy it.
 *
 * @throws when another process that is still running has it.
 */
export const claimDataDir = (dataDir: string): void => {
  const file = join(dataDir, 'gateway.pid');
  const owner = readOwner(file);
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `${dataDir} is in use by process ${owner}: an embedded database serves one process. Stop that process, or set DATABASE_URL to share PostgreSQL.`,
    );
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(file, String(process.pid));
  if (owner === process.pid) return;
  process.once('exit', () => {
    // Another may have claimed a folder that was deleted meanwhile.
    if (readOwner(file) === process.pid) unlinkSync(file);
  });
};
