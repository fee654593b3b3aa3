import express, { type RequestHandler, type Router } from 'express';
import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Metrics } from './metrics.ts';

export interface HealthOptions {
  readonly db: Database;
  /** Rejects while the admission store is unreachable. */
  readonly pingAdmission: () => Promise<unknown>;
  readonly isDraining: () => boolean;
}

const DEADLINE_MS = 1_000;

type Health = 'ok' | 'read_only' | 'unreachable';

const check = async (ping: () => Promise<Health>): Promise<Health> => {
  const late = new Promise<Health>((resolve) => {
    setTimeout(resolve, DEADLINE_MS, 'unreachable').unref();
  });
  return Promise.race([ping().catch(() => 'unreachable' as const), late]);
};

// A read-only database, as during a failover, cannot serve withdrawals.
const pingDatabase = async (db: Database): Promise<Health> => {
  const { rows } = await sql<{ transaction_read_only: string }>`SHOW transaction_read_only`.execute(db);
  return rows[0]?.transaction_read_only === 'on' ? 'read_only' : 'ok';
};

/**
 * `/healthz`: the process is alive. `/readyz`: it can serve requests, or 503 with the reason. Both ports
 * serve them: a load balancer must check the port that it sends requests to.
 */
export const createHealthRouter = ({ db, pingAdmission, isDraining }: HealthOptions): Router => {
  const router = express.Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const [database, admission] = await Promise.all([
      check(() => pingDatabase(db)),
      check(async () => {
        await pingAdmission();
        return 'ok';
      }),
    ]);
    const isReady = !isDraining() && database === 'ok' && admission === 'ok';
    const status = isDraining() ? 'draining' : isReady ? 'ready' : 'unavailable';
    response.status(isReady ? 200 : 503).json({ status, database, admission });
  });
  return router;
};

/** `/metrics` for Prometheus. */
export const createMetricsRouter = ({ registry }: Metrics): Router => {
  const router = express.Router();
  router.get('/metrics', async (_request, response) => {
    const text = await registry.metrics();
    response.setHeader('Content-Type', registry.contentType);
    response.send(text);
  });
  return router;
};

/**
 * Closes connections after their response while the gateway drains: idle keep-alive connections would delay
 * it.
 */
export const closeWhenDraining =
  (isDraining: () => boolean): RequestHandler =>
  (_request, response, next) => {
    if (isDraining()) response.setHeader('Connection', 'close');
    next();
  };
