import {
  createSigningKey,
  isRejection,
  parseWebhookEvent,
  type ReceivedHeader,
  type Rejection,
  SIGNATURE_HEADER,
  type SigningKey,
  TIMESTAMP_HEADER,
  type UnknownWebhookEvent,
  verifyWebhook as verify,
  type WebhookEvent,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { ANY, checkOptions, type OptionRules, SECONDS, withCpgErrors } from '../guards.ts';
import {
  asBytes,
  describe,
  type HeadersLike,
  isHeadersLike,
  isIterable,
  isObject,
  isUint8Array,
} from '../platform.ts';

/** Headers of Node.js or Express, the `Headers` of any fetch, or pairs. Names ignore case. */
export type WebhookHeaders =
  | HeadersLike
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

export interface WebhookToVerify {
  /** The webhook's signing secret, not that of an API key. During a rotation, the old and the new secret. */
  readonly secret: string | readonly string[];
  /** The body bytes as received: not parsed, not decoded. */
  readonly body: Uint8Array;
  readonly headers: WebhookHeaders;
  /** The current time in whole Unix seconds. Defaults to the system's clock. */
  readonly now?: number | undefined;
}

const RULES: OptionRules<WebhookToVerify> = { secret: ANY, body: ANY, headers: ANY, now: SECONDS };

/**
 * Checks that a webhook is authentic and at most 300 seconds old, and returns its event (wire protocol §5).
 * Events of later versions are returned too; see `isKnownWebhookEvent`. An event may be delivered more than
 * once, with a new signature each time: deduplicate by `id`.
 *
 * @throws CpgError `invalid_webhook` with a `rejection` and the `status` to respond with;
 * `invalid_configuration` for an invalid secret or a body that is not bytes.
 */
export const verifyWebhook = (webhook: WebhookToVerify): WebhookEvent | UnknownWebhookEvent => {
  checkOptions('webhooks.verify', webhook, RULES);
  const { headers, now = Math.floor(Date.now() / 1000) } = webhook;
  // A Uint8Array of any realm. The protocol rejects other values.
  const body = isUint8Array(webhook.body) ? (asBytes(webhook.body) ?? webhook.body) : webhook.body;
  const key = createWebhookKeys(webhook.secret);
  const verified = withCpgErrors('Webhook', () =>
    verify({
      key,
      body,
      timestamp: getHeader(headers, TIMESTAMP_HEADER),
      signature: getHeader(headers, SIGNATURE_HEADER),
      now,
    }),
  );
  if (isRejection(verified)) throw invalid(verified);
  const event = parseWebhookEvent(body);
  if (isRejection(event)) throw invalid(event);
  return event;
};

/** @throws CpgError `invalid_configuration` for an invalid secret. Its message never contains the secret. */
export const createWebhookKeys = (secret: string | readonly string[]): readonly SigningKey[] => {
  const secrets = [secret].flat() as readonly string[];
  if (secrets.length === 0) {
    throw new CpgError(
      'invalid_configuration',
      'Webhook: secret must be a secret or a list of at least one: got an empty list.',
    );
  }
  return withCpgErrors('Webhook', () => secrets.map((each) => createSigningKey(each)));
};

const getHeader = (headers: WebhookHeaders, name: string): ReceivedHeader => {
  if (isHeadersLike(headers)) return headers.get(name);
  const entries = toPairs(headers).filter(([given]) => given.toLowerCase() === name.toLowerCase());
  return entries.flatMap(([, value]) => value ?? []);
};

type HeaderPair = readonly [name: string, value: string | readonly string[] | undefined];

const toPairs = (headers: unknown): readonly HeaderPair[] => {
  const pairs = isIterable(headers) ? [...headers] : isObject(headers) ? Object.entries(headers) : undefined;
  if (pairs?.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string'))
    return pairs as HeaderPair[];
  throw new CpgError(
    'invalid_configuration',
    `Webhook: headers must be request.headers, a Headers object or name–value pairs: got ${describe(headers)}.`,
  );
};

const invalid = ({ code, status, message }: Rejection): CpgError =>
  new CpgError('invalid_webhook', `Webhook: ${message}.`, { rejection: code, status, wireMessage: message });
