import type { Config } from '../config.ts';
import { migrate } from './migrate.ts';
import { type Database, openDatabase } from './open-database.ts';

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
