import type { ReceivedWebhook, Receiver } from '@cpg/console/api';
import {
  createSigningKey,
  DELIVERY_HEADER,
  EVENT_HEADER,
  isRejection,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verifyWebhook,
} from '@cpg/protocol';
import { explainWebhookMismatch } from '@cpg/protocol/explain';
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { Services } from '../services.ts';
import { getWebhookLabel } from '../webhooks/endpoints.ts';
import type { LiveEvents } from './live-events.ts';
import { sandboxRoute } from './sandbox-route.ts';

const PATH = '/receiver/inbox';
const MAX_RECEIVED = 100;
const MAX_BODY = '64kb';
const status = z
  .int({ error: 'Input should be a status' })
  .min(200, { error: 'Input should be a status from 200 to 599' })
  .max(599, { error: 'Input should be a status from 200 to 599' });

/** A receiver of webhooks for people who have none yet: it verifies what it gets, and shows it in the console. */
export const createReceiverRouter = (services: Services, live: LiveEvents): Router => {
  const { db, clock } = services;
  const router = express.Router();
  let received: readonly ReceivedWebhook[] = [];
  let lastId = 0;
  let respondWith = 200;
  router.post(PATH, express.raw({ type: () => true, limit: MAX_BODY }), async (request, response) => {
    const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
    lastId += 1;
    const webhook: ReceivedWebhook = {
      id: lastId,
      at: new Date(clock.now()).toISOString(),
      event: request.get(EVENT_HEADER) ?? '(none)',
      delivery: request.get(DELIVERY_HEADER) ?? '(none)',
      body: body.toString('utf8'),
      verdict: await verify(services, request, body),
      status: respondWith,
    };
    received = [webhook, ...received].slice(0, MAX_RECEIVED);
    live.publish('changed', {});
    response.status(respondWith).json({ received: respondWith < 300 });
  });
  router.get('/receiver', async (request, response) => {
    const url = getInboxUrl(request);
    const row = await db
      .selectFrom('webhook_endpoint')
      .select('id')
      .where('url', '=', url)
      .executeTakeFirst();
    const data: Receiver = { url, respond_with: respondWith, is_registered: row !== undefined, received };
    response.json({ success: true, message: 'OK', data });
  });
  router.put(
    '/receiver',
    express.json(),
    sandboxRoute(z.strictObject({ respond_with: status }), async (input) => {
      respondWith = input.respond_with;
      live.publish('changed', {});
      return { done: true };
    }),
  );
  return router;
};

/** The port that a request came to is the one that serves the receiver. */
const getInboxUrl = (request: Request): string => `http://${request.headers.host}/_sandbox${PATH}`;

/** `valid`, or why the signature is that of no webhook with this URL. */
const verify = async ({ db, box, clock }: Services, request: Request, body: Buffer): Promise<string> => {
  const url = getInboxUrl(request);
  const rows = await db
    .selectFrom('webhook_endpoint')
    .select(['account_id', 'sealed_secret'])
    .where('url', '=', url)
    .execute();
  if (rows.length === 0) return 'No webhook has this URL. Add it under Endpoints.';
  const timestamp = request.get(TIMESTAMP_HEADER) ?? '';
  const signature = request.get(SIGNATURE_HEADER) ?? '';
  let reason = '';
  for (const row of rows) {
    const key = createSigningKey(box.open(row.sealed_secret, getWebhookLabel(row.account_id, url)));
    const result = verifyWebhook({ key, body, timestamp, signature, now: Math.floor(clock.now() / 1000) });
    if (!isRejection(result)) return 'valid';
    const [finding] = explainWebhookMismatch({ key, signature, webhook: { body, timestamp } });
    reason = finding?.message ?? result.message;
  }
  return reason;
};
