import { validationFailed } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { DeliveryServices } from '../webhooks/attempts.ts';
import { listAttempts, listDeliveries, requeueDelivery } from '../webhooks/deliveries.ts';

import { registerWebhook, removeWebhook } from '../webhooks/endpoints.ts';
import { findWebhookUrlProblem } from '../webhooks/url-rules.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import { sandboxRoute, storableText } from './sandbox-route.ts';

const MAX_DELIVERIES = 100;
const registration = z.strictObject({
  url: storableText,
  secret: z.string().min(16).max(256).optional(),
  account_id: storableText.default(DEMO_ACCOUNT),
});
const delivery = z.object({ id: z.uuid({ error: 'Input should be the id of a delivery' }) });

/** Registers webhooks and lists their deliveries. */
export const createWebhookRouter = ({ db, clock, box, rules }: DeliveryServices): Router => {
  const router = express.Router();
  const now = () => new Date(clock.now());
  router.get(
    '/webhooks',
    sandboxRoute(z.object({}), () =>
      db
        .selectFrom('webhook_endpoint')
        .select(['id', 'account_id', 'url', 'created_at'])
        .orderBy('id')
        .execute(),
    ),
  );
  router.post(
    '/webhooks',
    sandboxRoute(registration, async ({ url, secret, account_id }) => {
      const problem = findWebhookUrlProblem(url, rules);
      if (problem !== undefined) return validationFailed(problem);
      const account = await db
        .selectFrom('account')
        .select('id')
        .where('id', '=', account_id)
        .executeTakeFirst();
      if (account === undefined) return validationFailed('account_id: There is no such account');
      return registerWebhook(db, box, { accountId: account.id, url, secret, at: now() });
    }),
  );
  router.delete(
    '/webhooks/:id',
    sandboxRoute(z.object({ id: z.coerce.number().int().positive() }), async ({ id }) =>
      (await removeWebhook(db, id)) ? { done: true } : undefined,
    ),
  );
  router.get(
    '/deliveries',
    sandboxRoute(z.object({}), () => listDeliveries(db, MAX_DELIVERIES)),
  );
  router.get(
    '/deliveries/:id/attempts',
    sandboxRoute(delivery, ({ id }) => listAttempts(db, id)),
  );
  router.post(
    '/deliveries/:id/requeue',
    sandboxRoute(delivery, async ({ id }) =>
      (await requeueDelivery(db, id, now())) ? { done: true } : undefined,
    ),
  );
  return router;
};
