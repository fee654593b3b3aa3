import {
  createSigningKey,
  DELIVERY_HEADER,
  EVENT_HEADER,
  signRequest,
  signWebhook,
  WEBHOOK_EVENTS,
  type WebhookEventName,
  type WebhookEventOf,
} from '@cpg/protocol';
import {
  ANY,
  COUNT_FROM_0,
  checkOptions,
  OBJECT,
  type OptionRules,
  oneOf,
  requireOption,
  SECONDS,
  TEXT,
  withCpgErrors,
} from '../guards.ts';
import { asBytes } from '../platform.ts';
import type { Credentials } from '../signing/request-signer.ts';

export interface RequestToMake extends Credentials {
  readonly method: string;
  /** Path and query as they will be sent. */
  readonly target: string;
  /** Objects are sent as JSON, strings and bytes unchanged. */
  readonly body?: unknown;
  /** The request's timestamp in whole Unix seconds. Defaults to the system's clock. */
  readonly now?: number | undefined;
}

/** A `Buffer`, without the types of Node.js. */
export interface BodyBytes extends Uint8Array {
  toString(encoding?: string): string;
}

export interface MadeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyBytes | undefined;
}

const REQUEST_RULES: OptionRules<RequestToMake> = {
  keyId: TEXT,
  secret: ANY,
  method: TEXT,
  target: TEXT,
  body: ANY,
  now: SECONDS,
};

/** Creates a correctly signed request, to test a service that receives signed requests. */
export const makeSignedRequest = (request: RequestToMake): MadeRequest => {
  checkOptions('makeSignedRequest', request, REQUEST_RULES);
  const { keyId, secret, target, now = Math.floor(Date.now() / 1000) } = request;
  const body = toBytes(request.body);
  const { headers, method } = withCpgErrors('makeSignedRequest', () => {
    const key = createSigningKey(secret);
    return signRequest({ keyId, key, method: request.method, target, body, timestamp: now });
  });
  const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return { method, target, headers: { ...headers, ...type }, body };
};

const toBytes = (body: unknown): Buffer | undefined => {
  if (body === undefined) return undefined;
  const bytes = asBytes(body);
  if (bytes !== undefined) return Buffer.from(bytes);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
};

export interface WebhookToMake<Name extends WebhookEventName> {
  /** The webhook's signing secret. */
  readonly secret: string;
  readonly event: Name;
  /** The fields that matter in the test. The others have sample values. */
  readonly data?: Partial<WebhookEventOf<Name>['data']> | undefined;
  /** The event's id, which receivers deduplicate by. @default 1 */
  readonly id?: number | undefined;
  /** The delivery's timestamp in whole Unix seconds. Defaults to the system's clock. */
  readonly now?: number | undefined;
}

export interface MadeWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyBytes;
}

const EVENT = oneOf(...Object.keys(WEBHOOK_EVENTS));
const WEBHOOK_RULES: OptionRules<WebhookToMake<WebhookEventName>> = {
  secret: ANY,
  event: EVENT,
  data: OBJECT,
  id: COUNT_FROM_0,
  now: SECONDS,
};

/** Creates a correctly signed webhook, to test a receiver. */
export const makeWebhook = <Name extends WebhookEventName>(webhook: WebhookToMake<Name>): MadeWebhook => {
  checkOptions('makeWebhook', webhook, WEBHOOK_RULES);
  requireOption('makeWebhook: event', webhook.event, EVENT);
  const { event, secret, id = 1, now = Math.floor(Date.now() / 1000) } = webhook;
  const created_at = new Date(now * 1000).toISOString().replace('.000Z', 'Z');
  const data = { ...sampleData(event), ...webhook.data };
  const body = Buffer.from(JSON.stringify({ id, event, created_at, api_version: '1', data }), 'utf8');
  const { headers } = withCpgErrors('makeWebhook', () =>
    signWebhook({ key: createSigningKey(secret), body, timestamp: now }),
  );
  return {
    headers: {
      'Content-Type': 'application/json',
      ...headers,
      [EVENT_HEADER]: event,
      [DELIVERY_HEADER]: `delivery-${id}`,
    },
    body,
  };
};

const COMMON = { currency: 'USDT', network: 'ETH', amount: '25.000000' };

const DEPOSIT = {
  deposit_request_id: 1,
  user_identifier: null,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  ...COMMON,
  tx_hash: '0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060',
  confirmations: 12,
  block_number: 1_000_000,
};

const WITHDRAWAL = {
  withdrawal_id: 1,
  client_reference: null,
  ...COMMON,
  to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  fee: '5.000000',
  tx_hash: '0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060',
  error_message: null,
};

/** Valid data of an event with this name. */
const sampleData = (event: WebhookEventName): object =>
  event.startsWith('deposit.') ? DEPOSIT : { ...WITHDRAWAL, status: event.slice('withdrawal.'.length) };
