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
  bytesOf,
  describe,
  type HeadersLike,
  isHeadersLike,
  isIterable,
  isObject,
  isUint8Array,
} from '../platform.ts';

/** Headers as Node.js or Express hand them over, the `Headers` of any fetch, or pairs; names in any case. */
export type WebhookHeaders =
  | HeadersLike
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

export interface WebhookToVerify {
  /** The webhook's own signing secret, not an API key's; during a rotation, the old and the new one. */
  readonly secret: string | readonly string[];
  /** The body bytes as they arrived: not parsed, not decoded. */
  readonly body: Uint8Array;
  readonly headers: WebhookHeaders;
  /** The receiver's clock in whole Unix seconds. Defaults to the system's. */
  readonly now?: number | undefined;
}

const RULES: OptionRules<WebhookToVerify> = { secret: ANY, body: ANY, headers: ANY, now: SECONDS };

/**
 * Checks that a webhook is authentic and at most 300 seconds old, then reads it. Events of a later version come through
 * too: see `isKnownWebhookEvent`. The same event may arrive again, signed anew: deduplicate on `id`. Contract §5.
 *
 * @throws CpgError `invalid_webhook`, with `rejection` and `status` to answer; `invalid_configuration` for a secret that
 * cannot be used or a body that was parsed already.
 */
export const verifyWebhook = (webhook: WebhookToVerify): WebhookEvent | UnknownWebhookEvent => {
  checkOptions('webhooks.verify', webhook, RULES);
  const { headers, now = Math.floor(Date.now() / 1000) } = webhook;
  // Of any realm; the protocol says what is wrong with anything else.
  const body = isUint8Array(webhook.body) ? (bytesOf(webhook.body) ?? webhook.body) : webhook.body;
  const key = createWebhookKeys(webhook.secret);
  const verified = withCpgErrors('Webhook', () =>
    verify({
      key,
      body,
      timestamp: headerOf(headers, TIMESTAMP_HEADER),
      signature: headerOf(headers, SIGNATURE_HEADER),
      now,
    }),
  );
  if (isRejection(verified)) throw invalid(verified);
  const event = parseWebhookEvent(body);
  if (isRejection(event)) throw invalid(event);
  return event;
};

/** @throws CpgError `invalid_configuration` for a secret that cannot be used; its message never contains the secret. */
export const createWebhookKeys = (secret: string | readonly string[]): readonly SigningKey[] => {
  const secrets = [secret].flat() as readonly string[];
  if (secrets.length === 0) {
    throw new CpgError(
      'invalid_configuration',
      'Webhook: secret must be at least one secret: got an empty list.',
    );
  }
  return withCpgErrors('Webhook', () => secrets.map((each) => createSigningKey(each)));
};

const headerOf = (headers: WebhookHeaders, name: string): ReceivedHeader => {
  if (isHeadersLike(headers)) return headers.get(name);
  const entries = pairsOf(headers).filter(([given]) => given.toLowerCase() === name.toLowerCase());
  return entries.flatMap(([, value]) => value ?? []);
};

type HeaderPair = readonly [name: string, value: string | readonly string[] | undefined];

const pairsOf = (headers: unknown): readonly HeaderPair[] => {
  const pairs = isIterable(headers) ? [...headers] : isObject(headers) ? Object.entries(headers) : undefined;
  if (pairs?.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string'))
    return pairs as HeaderPair[];
  throw new CpgError(
    'invalid_configuration',
    `Webhook: headers must be request.headers, a Headers or pairs of name and value: got ${describe(headers)}.`,
  );
};

const invalid = ({ code, status, message }: Rejection): CpgError =>
  new CpgError('invalid_webhook', `Webhook: ${message}.`, { rejection: code, status, wireMessage: message });
