import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from './start-error.ts';

/** Exclusive use of a data folder, until it is released or the process exits. */
export interface DataDirClaim {
  release(): void;
}

const LOCK_FILE = 'gateway.lock';

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
// Extended result codes carry the primary code in their lowest byte.
const PRIMARY_CODE = 0xff;

// A lock is released when its connection is garbage-collected, so connections are referenced here.
const held = new Set<DatabaseSync>();

/**
 * Claims the folder of an embedded database: two processes on one folder would corrupt the ledger.
 *
 * The claim is an operating system lock on `gateway.lock`. It is released when the process exits, even by a
 * crash, and it works across containers that mount the folder from one machine.
 *
 * @throws Error when the folder is already claimed, also by this process, or cannot be locked.
 */
export const claimDataDir = (dataDir: string): DataDirClaim => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, LOCK_FILE);
  const connection = lock(dataDir, file);
  held.add(connection);
  // PGlite does not start when a crash left this file empty or truncated. While we hold the lock it has no
  // owner.
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
    // The transaction holds the lock and writes nothing, so the file stays empty.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection?.close();
    const reason = explain(dataDir, file, error as SqliteError);
    throw new StartError('data_folder_unavailable', reason, { cause: error });
  }
};

interface SqliteError extends Error {
  readonly errcode?: number;
}

const explain = (dataDir: string, file: string, { errcode = 0, message }: SqliteError): string => {
  switch (errcode & PRIMARY_CODE) {
    case SQLITE_BUSY:
      return `${dataDir} is in use by another process, possibly in another container. An embedded database serves one process. Fix: stop that process, or set DATABASE_URL to share a PostgreSQL database.`;
    case SQLITE_NOTADB:
      return `${file} must be an empty lock file. Fix: delete it while no gateway uses ${dataDir}.`;
    default:
      return `${file} cannot be locked (${message}). Fix: set CPG_DATA_DIR to a writable folder on a file system that supports locks.`;
  }
};
