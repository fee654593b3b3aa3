import express, { type Router } from 'express';
import { z } from 'zod';
import type { SimulatedChain } from '../chain/simulated-chain.ts';
import { auditLedger } from '../ledger/audit-ledger.ts';
import type { DecisionLog } from '../page/decision-log.ts';
import type { Services } from '../services.ts';
import { createChainRouter } from './chain-router.ts';
import { createClockRouter } from './clock-router.ts';
import { loopbackOnly } from './loopback-only.ts';
import { sameSiteOnly } from './same-site-only.ts';
import { sandboxRoute } from './sandbox-route.ts';
import { createStateRouter } from './state-router.ts';
import { createWebhookRouter } from './webhook-router.ts';

export interface SandboxServices extends Services {
  readonly chain: SimulatedChain;
}

/** `/_sandbox/*`: drives clock, chain, webhooks and data. Unauthenticated, hence loopback only and off by default. */
export const createSandboxRouter = (
  { chain, ...services }: SandboxServices,
  decisions: DecisionLog,
): Router => {
  const router = express.Router();
  router.use(loopbackOnly, sameSiteOnly, express.json());
  router.use(createClockRouter(services.clock));
  router.use(createChainRouter(services, chain));
  router.use(createWebhookRouter(services));
  router.use(createStateRouter(services, decisions));
  router.post(
    '/reset',
    sandboxRoute(z.object({}), async () => {
      await services.reset();
      return { done: true };
    }),
  );
  router.get(
    '/audit',
    sandboxRoute(z.object({}), () => auditLedger(services.db)),
  );
  return router;
};
