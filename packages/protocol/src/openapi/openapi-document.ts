import * as endpoints from '../endpoints/index.ts';
import { WEBHOOK_EVENTS } from '../webhooks/webhook-event.ts';
import { componentSchemas } from './component-schemas.ts';
import type { JsonObject } from './json-schema.ts';
import { toOperation } from './operation.ts';
import { commonResponses } from './rejection-responses.ts';
import { SECURITY, SECURITY_SCHEMES } from './security-schemes.ts';
import { toWebhook, WEBHOOK_PARAMETERS } from './webhook-operation.ts';

const header = (description: string) => ({ description, schema: { type: 'integer' } });
const HEADERS = {
  RetryAfter: header('Seconds to wait. Not sent when it is the limit of the key that was reached.'),
  RateLimitLimit: header('Requests allowed to the IP address in a window.'),
  RateLimitRemaining: header('Requests left to the IP address in this window.'),
  RateLimitReset: header('When the window ends, in Unix seconds.'),
};

const TAGS = {
  ping: 'Whether key, clock and signature are right.',
  balances: 'What the account holds.',
  currencies: 'What the account can deposit and withdraw, and at what fees.',
  depositAddresses: 'Addresses to receive deposits at.',
  depositRequests: 'What has arrived at a deposit address.',
  hotWallet: 'Where to send funds for withdrawals.',
  transactions: 'Every movement on the chain.',
  withdrawals: 'Sending funds to an address.',
  webhooks: 'What the gateway tells a receiver. Deduplicate on `id`.',
};

const paths = (): JsonObject => {
  const byPath: Record<string, Record<string, unknown>> = {};
  for (const [operationId, endpoint] of Object.entries(endpoints)) {
    const item = byPath[endpoint.path] ?? {};
    byPath[endpoint.path] = { ...item, [endpoint.method.toLowerCase()]: toOperation(operationId, endpoint) };
  }
  return byPath;
};

/** The OpenAPI 3.1 document of v1, derived from the endpoint definitions. Committed as `openapi.json`. */
export const openApiDocument = (): JsonObject => ({
  openapi: '3.1.1',
  info: {
    title: 'CPG API',
    version: '1',
    summary: 'Balances, deposits and withdrawals, over signed requests.',
    description:
      'Every request is signed over the bytes that are sent; amounts are decimal strings. Ignore response fields and accept enum values that are not listed here.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  // Relative: a gateway names itself under whatever address this document was read from.
  servers: [{ url: '/', description: 'The gateway that serves this document.' }],
  security: SECURITY,
  tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  paths: paths(),
  webhooks: Object.fromEntries(Object.keys(WEBHOOK_EVENTS).map((event) => [event, toWebhook(event)])),
  components: {
    securitySchemes: SECURITY_SCHEMES,
    parameters: WEBHOOK_PARAMETERS,
    headers: HEADERS,
    responses: commonResponses(),
    schemas: componentSchemas(),
  },
});

/** The text of `openapi.json`. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`;
