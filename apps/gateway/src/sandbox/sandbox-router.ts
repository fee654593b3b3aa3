import express, { type Router } from 'express';
import { z } from 'zod';
import type { GatewayParts } from '../gateway-mode.ts';
import { auditLedger } from '../ledger/audit-ledger.ts';
import { createAdmissionRouter } from './admission-router.ts';
import { createChainRouter } from './chain-router.ts';
import { createClockRouter } from './clock-router.ts';
import type { DecisionLog } from './decision-log.ts';
import { sandboxRoute } from './sandbox-route.ts';
import { createStateRouter } from './state-router.ts';
import type { SwitchableStore } from './switchable-store.ts';
import { createWebhookRouter } from './webhook-router.ts';

export interface SandboxServices extends GatewayParts {
  readonly decisions: DecisionLog;
  readonly store: SwitchableStore;
  /** Brings the demo back to how it began. */
  readonly reset: () => Promise<void>;
}

/** `/_sandbox/*`: drives clock, admission, chain, webhooks and data. Unauthenticated: to be mounted behind `operationsGuard` on a loopback address only. */
export const createSandboxRouter = ({
  chain,
  decisions,
  store,
  reset,
  ...services
}: SandboxServices): Router => {
  const router = express.Router();
  router.use(express.json());
  router.use(createClockRouter(services.clock));
  router.use(createAdmissionRouter(store));
  router.use(createChainRouter(services, chain));
  router.use(createWebhookRouter(services));
  router.use(createStateRouter({ ...services, chain }, decisions));
  router.post(
    '/reset',
    sandboxRoute(z.object({}), async () => {
      await reset();
      return { done: true };
    }),
  );
  router.get(
    '/audit',
    sandboxRoute(z.object({}), () => auditLedger(services.db)),
  );
  return router;
};
