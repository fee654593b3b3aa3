import type { Config } from './config.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';

/**
 * Lets the reader of this program's output leave, as `head` does: what is written afterwards is lost, and the program goes on. A server must
 * not end because its terminal has gone, and the exit code of an audit must stay true.
 */
export const ignoreClosedPipes = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
};

/**
 * Opens the database of a gateway for a command beside it.
 *
 * @throws when the configuration names none that outlives the gateway's process.
 */
export const openKeptDatabase = async (config: Config): Promise<Database> => {
  if (config.databaseUrl === undefined && config.dataDir === undefined) {
    throw new Error('Set DATABASE_URL or CPG_DATA_DIR: a database in memory belongs to its gateway alone.');
  }
  const db = await openDatabase(config);
  try {
    await migrate(db);
    return db;
  } catch (error) {
    // A pool that stays open would keep the command from ending.
    await db.destroy();
    throw error;
  }
};
