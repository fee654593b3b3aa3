import express, { type Router } from 'express';
import { z } from 'zod';
import type { SimulatedChain } from '../chain/simulated-chain.ts';
import { auditLedger } from '../ledger/audit-ledger.ts';
import type { DecisionLog } from '../page/decision-log.ts';
import type { Services } from '../services.ts';
import { createAdmissionRouter } from './admission-router.ts';
import { createChainRouter } from './chain-router.ts';
import { createClockRouter } from './clock-router.ts';
import { loopbackOnly } from './loopback-only.ts';
import { sameSiteOnly } from './same-site-only.ts';
import { sandboxRoute } from './sandbox-route.ts';
import { createStateRouter } from './state-router.ts';
import type { SwitchableStore } from './switchable-store.ts';
import { createWebhookRouter } from './webhook-router.ts';

export interface SandboxServices extends Services {
  readonly chain: SimulatedChain;
  readonly decisions: DecisionLog;
  readonly store: SwitchableStore;
}

/** `/_sandbox/*`: drives clock, admission, chain, webhooks and data. Unauthenticated, hence loopback only and off by default. */
export const createSandboxRouter = ({ chain, decisions, store, ...services }: SandboxServices): Router => {
  const router = express.Router();
  router.use(loopbackOnly, sameSiteOnly, express.json());
  router.use(createClockRouter(services.clock));
  router.use(createAdmissionRouter(store));
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
