import { createPostgresSchema } from '@cpg/server-middleware/postgres';
import pg from 'pg';
import { type Postgres, startPostgres } from '../postgres.ts';

/** Starts a server with the tables of `postgresStore`. */
export const startAdmissionDatabase = async (settings?: readonly string[]) => {
  const server = await startPostgres(settings);
  const { admin, open, closeAll } = openPools(server);
  await createPostgresSchema(admin);
  const select = async (query: string) => (await admin.query(query)).rows[0]?.value as string | null;
  return {
    server,
    /** A pool of the superuser, beside those under test. */
    admin,
    /** Opens a pool, which `closePools` closes. */
    open,
    closePools: closeAll,
    /** The number of live signatures. */
    recorded: async () => Number(await select('SELECT count(*) AS value FROM cpg.signature')),
    /** The admissions that were counted for a key, or for a key and a route, in all minutes. */
    admitted: async (name = 'ck_full') =>
      Number(await select(`SELECT sum(admitted) AS value FROM cpg.admission_count WHERE name = '${name}'`)),
    clear: () => admin.query('TRUNCATE cpg.signature, cpg.admission_count'),
    stop: async () => {
      await closeAll();
      await admin.end();
      await server.stop();
    },
  };
};

const openPools = ({ url }: Postgres) => {
  const pools: pg.Pool[] = [];
  const create = ({ user, ...options }: pg.PoolConfig = {}) => {
    // The user of a connection string takes precedence over the option.
    const connection = new URL(url);
    if (user !== undefined) connection.username = user;
    return new pg.Pool({ connectionString: connection.href, connectionTimeoutMillis: 5_000, ...options });
  };
  const admin = create();
  // Tests kill the server.
  admin.on('error', () => undefined);
  return {
    admin,
    open: (options?: pg.PoolConfig) => {
      const pool = create(options);
      pools.push(pool);
      return pool;
    },
    closeAll: async () => {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
    },
  };
};

/** How often each decision was made. */
export const countDecisions = (decisions: readonly unknown[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const decision of decisions) counts[String(decision)] = (counts[String(decision)] ?? 0) + 1;
  return counts;
};
