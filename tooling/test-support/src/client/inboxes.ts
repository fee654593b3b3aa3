import {
  formatPostgresInboxTable,
  type PostgresInboxOptions,
  postgresInbox,
} from '@cpg/client/inbox-postgres';
import { type RedisInboxOptions, redisInbox } from '@cpg/client/inbox-redis';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { LOOPBACK } from '../ports.ts';

export const WORKER_SECRET = 'cpg-webhook-secret-DO-NOT-USE-IN-PRODUCTION';

/** Connects node-redis. */
export const openNodeRedis = async (port: number) => {
  const client = createClient({ socket: { port, host: LOOPBACK, reconnectStrategy: 20 } });
  // The inbox must not depend on the listener of the application, but connect() before the inbox exists does.
  const ignore = () => undefined;
  client.on('error', ignore);
  await client.connect();
  client.off('error', ignore);
  return {
    client,
    inbox: (options?: RedisInboxOptions) => redisInbox(client, options),
    command: (...args: string[]) => client.sendCommand(args) as Promise<unknown>,
    close: async () => client.destroy(),
  };
};

/** Connects ioredis. */
export const openIoredis = async (port: number) => {
  const client = new Redis({ port, host: LOOPBACK, retryStrategy: () => 20, lazyConnect: true });
  await client.connect();
  return {
    client,
    inbox: (options?: RedisInboxOptions) => redisInbox(client, options),
    command: (name = '', ...args: string[]) => client.call(name, ...args),
    close: async () => client.disconnect(),
  };
};

/** Opens a pool of `pg` and creates the table of the inbox and one of the application, `credit`. */
export const openPostgres = async (url: string) => {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await pool.query(`BEGIN; SELECT pg_advisory_xact_lock(1); ${formatPostgresInboxTable()}
    CREATE TABLE IF NOT EXISTS credit (event_id bigint, pid integer); COMMIT`);
  return {
    pool,
    inbox: (options?: PostgresInboxOptions) => postgresInbox(pool, options),
    countCredits: async () => Number((await pool.query('SELECT count(*) AS n FROM credit')).rows[0].n),
    close: () => pool.end(),
  };
};
