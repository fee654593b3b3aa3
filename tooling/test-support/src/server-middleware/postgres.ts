import { type AdmissionRequest, createPostgresSchema } from '@cpg/server-middleware/postgres';
import pg from 'pg';
import { type Postgres, startPostgres } from '../postgres.ts';
import { NOW } from './fixtures.ts';

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

/** A request with a signature of its own for each number. */
export const admissionRequest = (
  digit: number,
  overrides: Partial<AdmissionRequest> = {},
): AdmissionRequest => ({
  keyId: 'ck_full',
  signature: digit.toString(16).padStart(64, '0'),
  usedUntil: NOW + 300,
  minute: Math.floor(NOW / 60),
  limit: 1_000_000,
  ...overrides,
});

export const admissionRequests = (count: number, overrides: Partial<AdmissionRequest> = {}) =>
  Array.from({ length: count }, (_, digit) => admissionRequest(digit, overrides));

/** How often each decision was made. */
export const countDecisions = (decisions: readonly unknown[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const decision of decisions) counts[String(decision)] = (counts[String(decision)] ?? 0) + 1;
  return counts;
};
