import type { ConsoleDelivery, ConsoleWebhook, DeliveryDetail, Page } from '@cpg/console/api';
import { validationFailed, WEBHOOK_EVENTS, type WebhookEventName } from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import { hasAccount } from '../ledger/accounts.ts';
import type { DeliveryServices } from '../webhooks/attempts.ts';
import {
  DELIVERY_POSITION,
  DELIVERY_STATUSES,
  findDelivery,
  formatPosition,
  formatRequestHead,
  listAttempts,
  listDeliveries,
  parsePosition,
  requeueDeadDeliveries,
  requeueDelivery,
} from '../webhooks/deliveries.ts';
import {
  chooseWebhookEvents,
  type ListedWebhook,
  listWebhooks,
  registerWebhook,
  removeWebhook,
  resumeWebhook,
} from '../webhooks/endpoints.ts';
import { sendTestEvent } from '../webhooks/test-events.ts';
import { findWebhookUrlProblem } from '../webhooks/url-rules.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import { createPage, done, PAGE_ROWS, sandboxRoute, storableText } from './sandbox-route.ts';

const MAX_REQUEUED = 100;
const EVENTS = Object.keys(WEBHOOK_EVENTS) as [WebhookEventName, ...WebhookEventName[]];
const eventName = z.enum(EVENTS, { error: `Input should be one of ${EVENTS.join(', ')}` });
const events = z.array(eventName).min(1, { error: 'Choose at least one event' }).nullable();
const registration = z.strictObject({
  url: storableText,
  secret: z.string().min(16).max(256).optional(),
  account_id: storableText.default(DEMO_ACCOUNT),
  events: events.default(null),
});
const webhookId = z.coerce.number({ error: 'Input should be the id of a webhook' }).int().positive();
const webhook = z.object({ id: webhookId });
const deliveryId = z.uuid({ error: 'Input should be the id of a delivery' });
const delivery = z.object({ id: deliveryId });
const deliveryFilter = z.object({
  account: storableText.optional(),
  status: z.enum(DELIVERY_STATUSES).optional(),
  endpoint: webhookId.optional(),
  cursor: z.string().regex(DELIVERY_POSITION, { error: 'Input should be the cursor of a page' }).optional(),
});

/** Registers webhooks, sends them test events, lists their deliveries and sends those again. */
export const createWebhookRouter = ({ db, clock, box, rules }: DeliveryServices): Router => {
  const router = express.Router();
  const now = () => new Date(clock.now());
  router.get(
    '/webhooks',
    sandboxRoute(z.object({}), async () => (await listWebhooks(db)).map(formatWebhook)),
  );
  router.post(
    '/webhooks',
    sandboxRoute(registration, async ({ account_id: accountId, ...rest }) => {
      const problem = findWebhookUrlProblem(rest.url, rules);
      if (problem !== undefined) return validationFailed(problem);
      if (!(await hasAccount(db, accountId))) return validationFailed('account_id: There is no such account');
      return registerWebhook(db, box, { accountId, ...rest, at: now() });
    }),
  );
  router.patch(
    '/webhooks/:id',
    sandboxRoute(z.strictObject({ id: webhookId, events }), (input) =>
      done(chooseWebhookEvents(db, input.id, input.events)),
    ),
  );
  router.delete(
    '/webhooks/:id',
    sandboxRoute(webhook, ({ id }) => done(removeWebhook(db, id))),
  );
  router.post(
    '/webhooks/:id/test',
    sandboxRoute(webhook.extend({ event: eventName.default('deposit.confirmed') }), async ({ id, event }) => {
      return done(sendTestEvent(db, { endpointId: id, event, at: now() }));
    }),
  );
  router.post(
    '/webhooks/:id/resume',
    sandboxRoute(webhook, ({ id }) => done(resumeWebhook(db, id))),
  );
  router.post(
    '/webhooks/:id/requeue',
    sandboxRoute(webhook, async ({ id }) => {
      const requeued = await requeueDeadDeliveries(db, id, now());
      return requeued === undefined ? undefined : { requeued };
    }),
  );
  router.get(
    '/deliveries',
    sandboxRoute(
      deliveryFilter,
      async ({ account, status, endpoint, cursor }): Promise<Page<ConsoleDelivery>> => {
        const before = cursor === undefined ? undefined : parsePosition(cursor);
        const filter = { accountId: account, status, endpointId: endpoint, before };
        const rows = await listDeliveries(db, { ...filter, limit: PAGE_ROWS + 1 });
        const { rows: shown, next_cursor } = createPage(rows, formatPosition);
        return { rows: shown.map(formatDelivery), next_cursor };
      },
    ),
  );
  router.get(
    '/deliveries/:id',
    sandboxRoute(delivery, async ({ id }): Promise<DeliveryDetail | undefined> => {
      const found = await findDelivery(db, id);
      if (found === undefined) return undefined;
      return formatDetail(found, await listAttempts(db, id));
    }),
  );
  router.get(
    '/deliveries/:id/attempts',
    sandboxRoute(delivery, async ({ id }) => {
      const found = await findDelivery(db, id);
      return found === undefined ? [] : formatDetail(found, await listAttempts(db, id)).attempts;
    }),
  );
  router.post(
    '/deliveries/requeue',
    sandboxRoute(z.strictObject({ ids: z.array(deliveryId).min(1).max(MAX_REQUEUED) }), async ({ ids }) => {
      const results = await Promise.all(ids.map((id) => requeueDelivery(db, id, now())));
      return { requeued: results.filter(Boolean).length };
    }),
  );
  router.post(
    '/deliveries/:id/requeue',
    sandboxRoute(delivery, ({ id }) => done(requeueDelivery(db, id, now()))),
  );
  return router;
};

const formatWebhook = ({
  created_at,
  suspended_until,
  events: chosen,
  ...row
}: ListedWebhook): ConsoleWebhook => ({
  ...row,
  events: chosen as readonly WebhookEventName[] | null,
  created_at: created_at.toISOString(),
  suspended_until: suspended_until?.toISOString() ?? null,
});

type DeliveryRow = Awaited<ReturnType<typeof listDeliveries>>[number];

const formatDelivery = ({ next_attempt_at, attempted_at, ...row }: DeliveryRow): ConsoleDelivery => ({
  ...row,
  next_attempt_at: next_attempt_at.toISOString(),
  attempted_at: attempted_at?.toISOString() ?? null,
});

type FoundDelivery = NonNullable<Awaited<ReturnType<typeof findDelivery>>>;
type AttemptRow = Awaited<ReturnType<typeof listAttempts>>[number];

const formatDetail = (found: FoundDelivery, attempts: readonly AttemptRow[]): DeliveryDetail => ({
  event: found.event,
  url: found.url,
  status: found.status,
  next_attempt_at: found.next_attempt_at.toISOString(),
  body: found.body,
  attempts: attempts.map(({ attempted_at, request_timestamp, ...attempt }) => ({
    ...attempt,
    attempted_at: attempted_at.toISOString(),
    request_head: request_timestamp === null ? null : formatRequestHead(found, request_timestamp),
  })),
});
