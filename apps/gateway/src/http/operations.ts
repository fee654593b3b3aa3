import express, { type Router } from 'express';
import { measureSettlementLag } from '../chain/chain-state.ts';
import { checkDatabase, type DatabaseHealth } from '../database/database-health.ts';
import type { LedgerServices } from '../ledger/networks.ts';
import type { Metrics } from './metrics.ts';

export interface HealthOptions extends LedgerServices {
  /** Rejects while the admission store is unreachable. */
  readonly pingAdmission: () => Promise<unknown>;
  readonly isDraining: () => boolean;
}

const DEADLINE_MS = 1_000;
// Settlement runs five times a second; this much is not a busy moment.
const MAX_LAG_MS = 10_000;

const withDeadline = async <T>(check: () => Promise<T>, otherwise: T): Promise<T> => {
  const late = new Promise<T>((resolve) => {
    setTimeout(resolve, DEADLINE_MS, otherwise).unref();
  });
  return Promise.race([check().catch(() => otherwise), late]);
};

type SettlementHealth = 'ok' | 'lagging' | 'unknown';

const checkSettlement = async (services: LedgerServices): Promise<SettlementHealth> =>
  (await measureSettlementLag(services)) > MAX_LAG_MS ? 'lagging' : 'ok';

/**
 * `/healthz`: the process is alive. `/readyz`: it can serve requests, or 503 with the reason. Both ports
 * serve them: a load balancer must check the port that it sends requests to.
 *
 * Settlement that lags is reported and does not make a process unready: the processes share it, and without them
 * the requests of every account would fail, not only the settlement of some.
 */
export const createHealthRouter = ({ pingAdmission, isDraining, ...services }: HealthOptions): Router => {
  const router = express.Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const [database, admission, settlement] = await Promise.all([
      withDeadline<DatabaseHealth>(() => checkDatabase(services.db), 'unreachable'),
      withDeadline<'ok' | 'unreachable'>(() => pingAdmission().then(() => 'ok'), 'unreachable'),
      withDeadline<SettlementHealth>(() => checkSettlement(services), 'unknown'),
    ]);
    const isReady = !isDraining() && database === 'ok' && admission === 'ok';
    const status = isDraining() ? 'draining' : isReady ? 'ready' : 'unavailable';
    response.status(isReady ? 200 : 503).json({ status, database, admission, settlement });
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
