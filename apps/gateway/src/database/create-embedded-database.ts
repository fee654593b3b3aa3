import { PGlite } from '@electric-sql/pglite';

const MAKE_SMALL = [
  // The default of 128 MB is zeroed at every start.
  "ALTER SYSTEM SET shared_buffers = '16MB'",
  // Nothing creates another database from the templates.
  'UPDATE pg_database SET datistemplate = false',
  'DROP DATABASE template0',
  'DROP DATABASE template1',
  'CHECKPOINT',
];

/**
 * Creates an empty embedded database in memory. It is small, because every database of the sandbox and of the tests starts as a copy
 * of its dump: 16 MB instead of 40, opened in half the time.
 */
export const createEmbeddedDatabase = async (): Promise<PGlite> => {
  const pglite = await PGlite.create('memory://', { initDbStartParams: ['--wal-segsize=1'] });
  for (const statement of MAKE_SMALL) await pglite.exec(statement);
  return pglite;
};
