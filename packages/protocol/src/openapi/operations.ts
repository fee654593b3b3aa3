import type { Endpoint } from '../endpoints/endpoint.ts';
import type { ObjectSchema } from '../endpoints/schema.ts';
import { DELIVERY_HEADER, EVENT_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../signing/headers.ts';
import { rejectionResponses } from './rejection-responses.ts';
import { bodyName, eventName, type JsonObject, reference, responseName, toInputSchema } from './schemas.ts';

/** The operation object of an endpoint. */
export const toOperation = (operationId: string, endpoint: Endpoint): JsonObject => {
  const { name, summary, permission, body, rejections = [] } = endpoint;
  const parameters = [
    ...toParameters(endpoint.pathParameters, 'path'),
    ...toParameters(endpoint.query, 'query'),
  ];
  const own = [
    ...rejections,
    ...(permission === null ? [] : (['missing_permission'] as const)),
    ...(body === null ? [] : (['malformed_json_body'] as const)),
  ];
  return {
    operationId,
    summary,
    description: permission === null ? 'Needs no permission.' : `Needs the permission \`${permission}\`.`,
    tags: [name.split('.', 1)[0]],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: jsonContent(bodyName(operationId)) } }),
    responses: {
      200: { description: 'OK', content: jsonContent(responseName(operationId)) },
      ...rejectionResponses(own),
    },
  };
};

/** Content of one named schema. */
const jsonContent = (schema: string) => ({
  'application/json': { schema: reference('schemas', schema) },
});

const toParameters = (schema: ObjectSchema, location: 'path' | 'query'): JsonObject[] => {
  const { properties = {}, required = [] } = toInputSchema(schema) as {
    readonly properties?: Readonly<Record<string, JsonObject>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: location,
    required: required.includes(name),
    schema: property,
  }));
};

const header = (name: string, description: string, schema: JsonObject) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema,
});

/** The headers of every webhook. Wire protocol §5. */
export const WEBHOOK_PARAMETERS = {
  WebhookTimestamp: header(
    TIMESTAMP_HEADER,
    'Unix seconds; reject a webhook more than 300 seconds from your clock.',
    {
      type: 'integer',
    },
  ),
  WebhookSignature: header(
    SIGNATURE_HEADER,
    'Lowercase hex HMAC-SHA256, under the signing secret, of the timestamp, one line feed and the raw body. Lowercase what you receive, then compare in constant time.',
    { type: 'string', pattern: '^[0-9a-f]{64}$' },
  ),
  WebhookEvent: header(EVENT_HEADER, 'The name of the event.', { type: 'string' }),
  WebhookDelivery: header(DELIVERY_HEADER, 'The same on every retry.', { type: 'string' }),
};

/** The request that the gateway sends to a receiver. */
export const toWebhook = (event: string): JsonObject => ({
  post: {
    operationId: event.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase()),
    summary: `Receive ${event}`,
    tags: ['webhooks'],
    security: [],
    parameters: Object.keys(WEBHOOK_PARAMETERS).map((name) => reference('parameters', name)),
    requestBody: { required: true, content: jsonContent(eventName(event)) },
    responses: {
      '2XX': {
        description: 'Received. Respond within 10 seconds; any other status, or none, causes a retry.',
      },
      401: { description: 'The signature or the timestamp is wrong.' },
    },
  },
});
