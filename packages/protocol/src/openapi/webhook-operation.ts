import { DELIVERY_HEADER, EVENT_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../headers.ts';
import { eventName } from './component-schemas.ts';
import { type JsonObject, reference } from './json-schema.ts';
import { jsonOf } from './operation.ts';

const header = (name: string, description: string, schema: JsonObject) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema,
});

/** The headers of every webhook. Contract §5. */
export const WEBHOOK_PARAMETERS = {
  WebhookTimestamp: header(TIMESTAMP_HEADER, 'Unix seconds; refuse more than 300 from your clock.', {
    type: 'integer',
  }),
  WebhookSignature: header(
    SIGNATURE_HEADER,
    'Lowercase hex HMAC-SHA256, under the signing secret, of the timestamp, one line feed and the raw body. Lowercase what you receive, then compare in constant time.',
    { type: 'string', pattern: '^[0-9a-f]{64}$' },
  ),
  WebhookEvent: header(EVENT_HEADER, 'The name of the event.', { type: 'string' }),
  WebhookDelivery: header(DELIVERY_HEADER, 'The same on every retry.', { type: 'string' }),
};

/** The request that the gateway makes to a receiver. */
export const toWebhook = (event: string): JsonObject => ({
  post: {
    operationId: event.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase()),
    summary: `Receive ${event}`,
    tags: ['webhooks'],
    security: [],
    parameters: Object.keys(WEBHOOK_PARAMETERS).map((name) => reference('parameters', name)),
    requestBody: { required: true, content: jsonOf(eventName(event)) },
    responses: {
      '2XX': { description: 'Received: answer within 10 seconds. Anything else is tried again.' },
      401: { description: 'The signature or the timestamp is wrong.' },
    },
  },
});
