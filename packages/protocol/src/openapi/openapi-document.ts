import * as endpoints from '../endpoints/index.ts';
import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../signing/headers.ts';
import { WEBHOOK_EVENTS } from '../webhooks/events.ts';
import { toOperation, toWebhook, WEBHOOK_PARAMETERS } from './operations.ts';
import { commonResponses } from './rejection-responses.ts';
import { componentSchemas, type JsonObject } from './schemas.ts';

const header = (description: string) => ({ description, schema: { type: 'integer' } });
const HEADERS = {
  RetryAfter: header('Seconds to wait. Not sent when it is the limit of the key that was reached.'),
  RateLimitLimit: header('Requests allowed to the IP address in a window.'),
  RateLimitRemaining: header('Requests left to the IP address in this window.'),
  RateLimitReset: header('When the window ends, in Unix seconds.'),
};

const TAGS = {
  ping: 'Check key, clock and signature.',
  balances: 'The balances of the account.',
  currencies: 'The currencies of the account, with minimums and fees.',
  depositAddresses: 'Addresses to receive deposits at.',
  depositRequests: 'Payments to a deposit address.',
  hotWallet: 'The address that funds withdrawals.',
  transactions: 'Every transaction on the chain.',
  withdrawals: 'Sending funds to an address.',
  webhooks: 'Events that the gateway sends to a receiver. Deduplicate on `id`.',
};

const paths = (): JsonObject => {
  const byPath: Record<string, Record<string, unknown>> = {};
  for (const [operationId, endpoint] of Object.entries(endpoints)) {
    const item = byPath[endpoint.path] ?? {};
    byPath[endpoint.path] = { ...item, [endpoint.method.toLowerCase()]: toOperation(operationId, endpoint) };
  }
  return byPath;
};

/** The OpenAPI 3.1 document of v1, generated from the endpoint definitions. Committed as `openapi.json`. */
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
  // Relative, so that it names the gateway that served this document.
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

const securityHeader = (name: string, description: string) => ({
  type: 'apiKey',
  in: 'header',
  name,
  description,
});

/** The three headers of a signed request. OpenAPI cannot express how they are computed. Wire protocol §1. */
const SECURITY_SCHEMES = {
  key: securityHeader(KEY_HEADER, "The key's public id."),
  timestamp: securityHeader(TIMESTAMP_HEADER, "Unix seconds, at most 300 from the server's clock."),
  signature: securityHeader(
    SIGNATURE_HEADER,
    'Lowercase hex HMAC-SHA256, under the secret, of the canonical string: timestamp, method, path, query and lowercase hex SHA-256 of the body, joined by line feeds. Path and query exactly as sent. Each signature is accepted once.',
  ),
};

/** Every request needs all three. */
const SECURITY = [{ key: [], timestamp: [], signature: [] }];
