import { verifyWebhook } from './verify-webhook.ts';
import { webhookReceiver } from './webhook-receiver.ts';

/** Receiving webhooks: check one yourself with `verify`, or mount `receiver`. Contract §5. */
export const webhooks = Object.freeze({ verify: verifyWebhook, receiver: webhookReceiver });
