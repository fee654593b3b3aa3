import type { ConsoleDelivery, ConsoleWebhook, DeliveryDetail } from '@cpg/console/api';
import {
  DELIVERY_HEADER,
  type DepositEventData,
  EVENT_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  validationFailed,
  WEBHOOK_EVENTS,
  type WebhookEventName,
  type WithdrawalEventData,
} from '@cpg/protocol';
import express, { type Router } from 'express';
import { z } from 'zod';
import { inTransaction } from '../database/transactions.ts';
import { hasAccount } from '../ledger/accounts.ts';
import type { DeliveryServices } from '../webhooks/attempts.ts';
import {
  findDelivery,
  listAttempts,
  listDeliveries,
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
import { recordTestEvent } from '../webhooks/events.ts';
import { WEBHOOK_HEADERS } from '../webhooks/send-webhook.ts';
import { findWebhookUrlProblem } from '../webhooks/url-rules.ts';
import { DEMO_ACCOUNT } from './demo.ts';
import { done, sandboxRoute, storableText } from './sandbox-route.ts';

const MAX_DELIVERIES = 100;
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
  status: z.enum(['pending', 'delivered', 'dead']).optional(),
  endpoint: webhookId.optional(),
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
      const found = (await listWebhooks(db)).find((row) => row.id === id);
      if (found === undefined) return undefined;
      const sample = { accountId: found.account_id, event, data: createSample(event), at: now() };
      await inTransaction(db, (transaction) => recordTestEvent(transaction, sample, id));
      return { done: true };
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
    sandboxRoute(deliveryFilter, async ({ status, endpoint }) =>
      (await listDeliveries(db, { limit: MAX_DELIVERIES, status, endpointId: endpoint })).map(formatDelivery),
    ),
  );
  router.get(
    '/deliveries/:id',
    sandboxRoute(delivery, async ({ id }): Promise<DeliveryDetail | undefined> => {
      const found = await findDelivery(db, id);
      if (found === undefined) return undefined;
      return { head: formatHead(found), body: found.body, attempts: await readAttempts(id) };
    }),
  );
  const readAttempts = async (id: string) =>
    (await listAttempts(db, id)).map(({ attempted_at, ...attempt }) => ({
      ...attempt,
      attempted_at: attempted_at.toISOString(),
    }));
  router.get(
    '/deliveries/:id/attempts',
    sandboxRoute(delivery, ({ id }) => readAttempts(id)),
  );
  router.post(
    '/deliveries/requeue',
    sandboxRoute(z.strictObject({ ids: z.array(deliveryId).min(1).max(MAX_DELIVERIES) }), async ({ ids }) => {
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

/** The head of every attempt. Timestamp and signature are new in each. */
const formatHead = ({
  id,
  event,
  url,
}: {
  readonly id: string;
  readonly event: string;
  readonly url: string;
}) =>
  [
    `POST ${new URL(url).pathname} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    ...Object.entries(WEBHOOK_HEADERS).map((header) => header.join(': ')),
    `${EVENT_HEADER}: ${event}`,
    `${DELIVERY_HEADER}: ${id}`,
    `${TIMESTAMP_HEADER}: (the time of the attempt)`,
    `${SIGNATURE_HEADER}: … (made with the signing secret)`,
  ].join('\n');

const SAMPLE = {
  currency: 'USDT',
  network: 'ETH',
  amount: '25.000000',
  tx_hash: `0x${'0'.repeat(64)}`,
};

/** Data as an event has it, of money that does not exist. */
const createSample = (event: WebhookEventName): DepositEventData | WithdrawalEventData => {
  const [subject, status] = event.split('.') as [string, WithdrawalEventData['status']];
  return subject === 'deposit'
    ? {
        ...SAMPLE,
        deposit_request_id: 0,
        user_identifier: 'test',
        address: '0x52908400098527886E0F7030069857D2E4169EE7',
        confirmations: event === 'deposit.detected' ? 0 : 12,
        block_number: null,
      }
    : {
        ...SAMPLE,
        withdrawal_id: 0,
        client_reference: 'test',
        to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
        fee: '5.000000',
        status,
        error_message: status === 'failed' ? 'Transaction failed on the network' : null,
      };
};
