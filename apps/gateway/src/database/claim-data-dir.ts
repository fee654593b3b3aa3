import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A data folder that this process alone uses, until it releases the folder or ends. */
export interface DataDirClaim {
  release(): void;
}

const LOCK_FILE = 'gateway.lock';

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
// Extended result codes carry the primary code in their lowest byte.
const PRIMARY_CODE = 0xff;

// A lock ends when its connection is garbage-collected, so every connection that holds one is referenced here.
const held = new Set<DatabaseSync>();

/**
 * Claims the folder of an embedded database for this process: two processes on one folder would corrupt the ledger.
 *
 * The claim is a lock of the operating system on `gateway.lock`. It ends with the process, however that ends, and it is the
 * same for processes in different containers that mount the folder from one machine.
 *
 * @throws Error when another process, or this one, has claimed the folder, or when the folder cannot be locked.
 */
export const claimDataDir = (dataDir: string): DataDirClaim => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, LOCK_FILE);
  const connection = lock(dataDir, file);
  held.add(connection);
  // PGlite does not start when this file is empty or cut off, as a crash can leave it. Under the lock it has no owner.
  rmSync(join(dataDir, 'database', 'postmaster.pid'), { force: true });
  return {
    release: () => {
      if (held.delete(connection)) connection.close();
    },
  };
};

const lock = (dataDir: string, file: string): DatabaseSync => {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(file);
    // Nothing is written, so the file stays empty and needs no journal; the transaction holds the lock.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection?.close();
    throw new Error(explain(dataDir, file, error as SqliteError), { cause: error });
  }
};

interface SqliteError extends Error {
  readonly errcode?: number;
}

const explain = (dataDir: string, file: string, { errcode = 0, message }: SqliteError): string => {
  switch (errcode & PRIMARY_CODE) {
    case SQLITE_BUSY:
      return `${dataDir} is in use by another process, perhaps in another container: an embedded database serves one process. Stop that process, or set DATABASE_URL to share PostgreSQL.`;
    case SQLITE_NOTADB:
      return `${file} must be an empty file. Only the lock is kept in it: delete it while no gateway uses ${dataDir}.`;
    default:
      return `${file} cannot be locked (${message}). CPG_DATA_DIR must be a folder that this process may write to, on a file system with locks.`;
  }
};
