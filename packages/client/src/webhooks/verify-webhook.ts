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
import {
  ANY,
  checkOptions,
  type OptionRules,
  requireCleanSecret,
  SECONDS,
  withCpgErrors,
} from '../guards.ts';
import { asBytes, describe, type HeadersLike, isHeadersLike, isIterable, isObject } from '../platform.ts';

/** Headers of Node.js or Express, the `Headers` of any fetch, or pairs. Names ignore case. */
export type WebhookHeaders =
  | HeadersLike
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

export interface WebhookToVerify {
  /** The webhook's signing secret, not that of an API key. During a rotation, the old and the new secret. */
  readonly secret: string | readonly string[];
  /**
   * The body as received, not parsed: bytes, or their text if the bytes were decoded as UTF-8. The result of
   * `JSON.stringify` on a parsed body is not the received text.
   */
  readonly body: Uint8Array | ArrayBuffer | string;
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
 * `invalid_configuration` for an invalid secret, or a body that was parsed.
 *
 * @example
 * const event = webhooks.verify({ secret, headers: request.headers, body: await request.text() });
 */
export const verifyWebhook = (webhook: WebhookToVerify): WebhookEvent | UnknownWebhookEvent => {
  checkOptions('webhooks.verify', webhook, RULES);
  return verifyWithKeys(createWebhookKeys('webhooks.verify', webhook.secret), webhook);
};

/** Like {@link verifyWebhook}, with keys that were created before. */
export const verifyWithKeys = (
  key: readonly SigningKey[],
  { body: given, headers, now = Math.floor(Date.now() / 1000) }: Omit<WebhookToVerify, 'secret'>,
): WebhookEvent | UnknownWebhookEvent => {
  const body = typeof given === 'string' ? ENCODER.encode(given) : asBytes(given);
  if (body === undefined) throw notBytes(given);
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

const ENCODER = new TextEncoder();

const notBytes = (body: unknown): CpgError =>
  new CpgError(
    'invalid_configuration',
    `Webhook: body must be the received bytes or their text: got ${describe(body)}. The signature covers the bytes, which a parsed body no longer has. Fix: verify before parsing, with await request.arrayBuffer() of a fetch Request, express.raw({ type: "*/*" }) in Express, or addContentTypeParser(…, { parseAs: "buffer" }) in Fastify.`,
  );

/**
 * @throws CpgError `invalid_configuration` for an empty list and for each value that is not a secret. Its
 * message never contains the secret.
 */
export const createWebhookKeys = (
  owner: string,
  secret: string | readonly string[],
): readonly SigningKey[] => {
  if (!Array.isArray(secret)) return [createKey(`${owner}: secret`, secret)];
  if (secret.length === 0) {
    throw new CpgError(
      'invalid_configuration',
      `${owner}: secret must be a secret or a list of at least one: got an empty list.`,
    );
  }
  return Array.from(secret, (each, index) => createKey(`${owner}: secret[${index}]`, each));
};

const createKey = (name: string, secret: unknown): SigningKey => {
  if (typeof secret !== 'string' || secret.trim() === '') {
    const got = typeof secret === 'string' && secret !== '' ? 'only white space' : describe(secret);
    throw new CpgError(
      'invalid_configuration',
      `${name} must be a non-empty string: got ${got}. Is its environment variable set?`,
    );
  }
  requireCleanSecret(name, secret);
  return withCpgErrors(name, () => createSigningKey(secret));
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
