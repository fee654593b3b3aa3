import {
  createSigningKey,
  DELIVERY_HEADER,
  EVENT_HEADER,
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
  withCpgErrors,
} from '../options.ts';
import { sampleData } from './sample-data.ts';

export interface WebhookToMake<Name extends WebhookEventName> {
  /** The webhook's signing secret. */
  readonly secret: string;
  readonly event: Name;
  /** Fields that matter to the test; the others are filled in. */
  readonly data?: Partial<WebhookEventOf<Name>['data']> | undefined;
  /** The event's id, on which receivers deduplicate. @default 1 */
  readonly id?: number | undefined;
  /** Whole Unix seconds of this delivery. Defaults to the system's clock. */
  readonly now?: number | undefined;
}

export interface MadeWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const EVENT = oneOf(...Object.keys(WEBHOOK_EVENTS));
const RULES: OptionRules<WebhookToMake<WebhookEventName>> = {
  secret: ANY,
  event: EVENT,
  data: OBJECT,
  id: COUNT_FROM_0,
  now: SECONDS,
};

/** Makes a correctly signed webhook, for tests of a receiver. */
export const makeWebhook = <Name extends WebhookEventName>(webhook: WebhookToMake<Name>): MadeWebhook => {
  checkOptions('makeWebhook', webhook, RULES);
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
