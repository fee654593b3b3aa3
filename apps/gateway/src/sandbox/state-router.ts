import express, { type Router } from 'express';
import { z } from 'zod';
import { DEMO_ACCOUNT } from '../demo/demo-keys.ts';
import type { GatewayParts } from '../gateway-mode.ts';
import { listBalances } from '../ledger/list-balances.ts';
import { listTransactions } from '../ledger/list-transactions.ts';
import { listWithdrawals } from '../ledger/list-withdrawals.ts';
import { listDeliveries } from '../webhooks/list-deliveries.ts';
import type { DecisionLog } from './decision-log.ts';
import { sandboxRoute } from './sandbox-route.ts';

const SHOWN = 20;

/** Everything that the page shows, in one answer. */
export const createStateRouter = (services: GatewayParts, decisions: DecisionLog): Router => {
  const { db, clock } = services;
  const router = express.Router();
  router.get(
    '/state',
    sandboxRoute(z.object({}), async () => ({
      api_url: services.apiUrl(),
      clock: { now: new Date(clock.now()).toISOString().slice(0, 19), frozen: clock.frozen },
      balances: await listBalances(db, DEMO_ACCOUNT, {}),
      withdrawals: await listWithdrawals(db, DEMO_ACCOUNT, SHOWN),
      transactions: (await listTransactions(services, DEMO_ACCOUNT, { limit: SHOWN })).data,
      deliveries: await listDeliveries(db, SHOWN),
      decisions: decisions.decisions.slice(0, SHOWN),
    })),
  );
  return router;
};
