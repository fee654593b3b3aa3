import type { Config } from './config.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { StartError } from './database/start-error.ts';

/**
 * Keeps a program running when the reader of its output exits, as `head` does; later output is discarded. A
 * server must survive its terminal, and an audit must keep its exit code.
 */
export const ignoreClosedPipes = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
};

/**
 * Opens and migrates the database of a gateway, for a command-line program.
 *
 * @throws Error when the configuration names no persistent database.
 */
export const openPersistentDatabase = async (config: Config): Promise<Database> => {
  if (config.databaseUrl === undefined && config.dataDir === undefined) {
    throw new StartError(
      'no_persistent_database',
      'Expected a persistent database: got none. Fix: set DATABASE_URL or CPG_DATA_DIR as for the gateway.',
    );
  }
  const db = await openDatabase(config, { patient: true });
  try {
    await migrate(db);
    return db;
  } catch (error) {
    // An open connection pool would keep the process alive.
    await db.destroy();
    throw error;
  }
};
