import { errorEnvelope } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { GatewayParts } from '../gateway-mode.ts';
import { auditLedger } from '../ledger/audit.ts';
import type { Clock } from '../time.ts';
import { findLastAttempt, listAttemptsAfter } from '../webhooks/deliveries.ts';
import { STORE_STATES, type SwitchableStore } from './admission-stores.ts';
import { createChainRouter } from './chain-router.ts';
import { createCurrencyRouter } from './currency-router.ts';
import type { DecisionLog, LoggedDecision } from './decision-log.ts';
import { createKeysRouter } from './keys-router.ts';
import { createLedgerRouter } from './ledger-router.ts';
import type { LiveEvents } from './live-events.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import { createRequestRouter } from './request-router.ts';
import { sandboxRoute } from './sandbox-route.ts';
import { createReceiverRouter } from './webhook-receiver.ts';
import { createWebhookRouter } from './webhook-router.ts';

export interface SandboxServices extends GatewayParts {
  readonly decisions: DecisionLog;
  readonly requests: RequestLog;
  readonly live: LiveEvents;
  readonly store: SwitchableStore;
  /** Restores the initial demo data. */
  readonly reset: () => Promise<void>;
}

/** `/_sandbox/*`, without authentication: mount it behind `operationsGuard` on a loopback address only. */
export const createSandboxRouter = ({
  chain,
  decisions,
  requests,
  live,
  store,
  reset,
  ...services
}: SandboxServices): Router => {
  const router = express.Router();
  // Reads its bodies itself: their signatures are those of the bytes.
  router.use(createReceiverRouter(services, live));
  router.use(express.json());
  router.get('/events', live.subscribe);
  router.use(createClockRouter(services.clock, live));
  router.use(createAdmissionRouter(store));
  router.use(createChainRouter(services, chain));
  router.use(createKeysRouter(services, requests));
  router.use(createCurrencyRouter(services));
  router.use(createWebhookRouter(services));
  router.use(createLedgerRouter({ ...services, chain }));
  router.use(createRequestRouter(services, requests));
  router.use(createActivityRouter(services, { decisions, requests }));
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

// The end of the year 9999, the last year with four digits.
const MAX_UNIX_SECONDS = 253_402_300_799;
const clockSetting = z.strictObject({ now: z.int().min(0).max(MAX_UNIX_SECONDS).nullable() });

/**
 * Reads and freezes the clock. Responds `{"now": …, "frozen": …}` without envelope, as the conformance suite
 * expects.
 */
const createClockRouter = (clock: Clock, live: LiveEvents): Router => {
  const router = express.Router();
  const readClock = () => ({ now: Math.floor(clock.now() / 1000), frozen: clock.frozen });
  router.get('/clock', (_request, response) => {
    response.json(readClock());
  });
  router.put('/clock', (request, response) => {
    const parsed = clockSetting.safeParse(request.body);
    if (!parsed.success) {
      response.status(422).json(errorEnvelope('now: Input should be Unix seconds, or null for real time'));
      return;
    }
    clock.freeze(parsed.data.now === null ? null : parsed.data.now * 1000);
    live.publishClock();
    response.json(readClock());
  });
  return router;
};

const admissionSetting = z.strictObject({ state: z.enum(STORE_STATES) });

/**
 * Reads and sets the store's state. Responds `{"state": …}` without envelope, as the conformance suite
 * expects.
 */
const createAdmissionRouter = (store: SwitchableStore): Router => {
  const router = express.Router();
  router.get('/admission', (_request, response) => {
    response.json({ state: store.state });
  });
  router.put('/admission', (request, response) => {
    const parsed = admissionSetting.safeParse(request.body);
    if (!parsed.success) {
      response.status(422).json(errorEnvelope(`state: Input should be one of ${STORE_STATES.join(', ')}`));
      return;
    }
    store.state = parsed.data.state;
    response.json({ state: store.state });
  });
  return router;
};

const position = z.coerce.number({ error: 'Input should be a position' }).int().min(0).optional();
const activityQuery = z.object({ after_request: position, after_attempt: position });

interface Logs {
  readonly decisions: DecisionLog;
  readonly requests: RequestLog;
}

/**
 * The requests and webhook attempts after a position, oldest first, with the position to continue from.
 * Without a position, only the latest one.
 */
const createActivityRouter = ({ db }: Pick<GatewayParts, 'db'>, { decisions, requests }: Logs): Router => {
  const router = express.Router();
  router.get(
    '/activity',
    sandboxRoute(activityQuery, async ({ after_request, after_attempt }) => {
      const lastAttempt = await findLastAttempt(db);
      const attempts =
        after_attempt === undefined ? [] : await listAttemptsAfter(db, after_attempt, MAX_ATTEMPTS);
      const newRequests = after_request === undefined ? [] : requests.after(after_request);
      return {
        requests: newRequests.map((request) => ({
          ...request,
          explanation: findExplanation(decisions.decisions, request),
        })),
        attempts,
        last_request: requests.lastId,
        last_attempt: attempts.at(-1)?.id ?? lastAttempt,
      };
    }),
  );
  return router;
};

const MAX_ATTEMPTS = 200;

const findExplanation = (decisions: readonly LoggedDecision[], request: LoggedRequest): string | null =>
  decisions.find(
    ({ keyId = null, method, path, outcome, explanation }) =>
      explanation !== null &&
      keyId === request.key_id &&
      method === request.method &&
      path === request.path &&
      outcome === request.outcome,
  )?.explanation ?? null;
