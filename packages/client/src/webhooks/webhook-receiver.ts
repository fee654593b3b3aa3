import {
  DELIVERY_HEADER,
  errorEnvelope,
  REJECTIONS,
  type SigningKey,
  successEnvelope,
  type UnknownWebhookEvent,
  type WebhookEvent,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import {
  ANY,
  COUNT_FROM_1,
  checkOptions,
  FUNCTION,
  invoke,
  invokeAsync,
  methods,
  notify,
  type OptionRules,
  requireOption,
  SECONDS,
  warn,
} from '../guards.ts';
import { isObject } from '../platform.ts';
import { createExchange, type Exchange, type WebhookHandler } from './exchange.ts';
import { type ClaimResult, memoryInbox, TIMER_MS, type WebhookClaim, type WebhookInbox } from './inbox.ts';
import { lingerAfterResponse, readRawBody, TOO_LARGE } from './raw-body.ts';
import { createWebhookKeys, verifyWebhook, verifyWithKeys } from './verify-webhook.ts';

/** What is known about a delivery besides its event. */
export interface WebhookDelivery {
  /** The `X-CPG-Delivery` header: the same on every retry. */
  readonly deliveryId: string | undefined;
  /** The claim on the event, for example for `inbox.transaction(claim, …)` of `postgresInbox`. */
  readonly claim: WebhookClaim;
  /**
   * Aborted when `onEvent` has taken longer than `maxHandlingMs`, after which the event may be handled again.
   */
  readonly signal: AbortSignal;
}

export interface WebhookReceiverOptions {
  /** The webhook's signing secret. During a rotation, the old and the new secret. */
  readonly secret: string | readonly string[];
  /** Called once per event. The gateway waits 10 seconds for the response, so put longer work in a queue. */
  readonly onEvent: (
    event: WebhookEvent | UnknownWebhookEvent,
    delivery: WebhookDelivery,
  ) => void | Promise<void>;
  /** Records the handled events. Several processes need one in Redis or PostgreSQL. @default memoryInbox() */
  readonly inbox?: WebhookInbox | undefined;
  /**
   * How long an event stays claimed after the process that handles it has ended, in milliseconds. The lease
   * is renewed while `onEvent` runs. With less than a minute, the gateway's first retry handles the event.
   * @default 30000
   */
  readonly leaseMs?: number | undefined;
  /**
   * How long the lease is renewed, in milliseconds; longer calls of `onEvent` are given up. @default 600000
   */
  readonly maxHandlingMs?: number | undefined;
  /** Maximum body size in bytes; longer bodies get 413. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** Returns the current time in whole Unix seconds. Replace it in tests. */
  readonly now?: (() => number) | undefined;
}

const MIB = 1024 * 1024;
const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_MAX_HANDLING_MS = 600_000;
const RENEWALS_PER_LEASE = 3;

const RULES: OptionRules<WebhookReceiverOptions> = {
  secret: ANY,
  onEvent: FUNCTION,
  inbox: methods('claim', 'complete', 'release'),
  leaseMs: TIMER_MS,
  maxHandlingMs: TIMER_MS,
  maxBodyBytes: COUNT_FROM_1,
  now: FUNCTION,
};

/**
 * Receives webhooks (wire protocol §5). Mount it before any body parser: `app.post('/webhooks/cpg',
 * webhooks.receiver({ secret, onEvent }))`.
 *
 * Calls `onEvent` once per event `id` and responds 200 after it has resolved. A repeated delivery gets 200
 * immediately, or 409 while the event is being handled. A webhook that is not authentic or too old gets 401.
 * An error of `onEvent` is passed to `next` or to Fastify's error handler; without either, the response is
 * 500. The gateway then delivers the event again. If the process ends during `onEvent`, the event is handled
 * again after `leaseMs`.
 *
 * @throws CpgError `invalid_configuration` for invalid options.
 *
 * @example
 * createServer(webhooks.receiver({ secret, onEvent: async (event) => { await queue.add(event); } }));
 */
export const webhookReceiver = (options: WebhookReceiverOptions): WebhookHandler => {
  checkOptions('webhooks.receiver', options, RULES);
  const {
    onEvent,
    inbox = memoryInbox(),
    leaseMs = DEFAULT_LEASE_MS,
    maxHandlingMs = DEFAULT_MAX_HANDLING_MS,
    maxBodyBytes = MIB,
    now,
  } = options;
  requireOption('webhooks.receiver: onEvent', onEvent, FUNCTION);
  const keys = createWebhookKeys('webhooks.receiver', options.secret);
  const settings: Settings = { keys, onEvent, inbox, leaseMs, maxHandlingMs, maxBodyBytes, now };
  return (request, response, next) => {
    let exchange: Exchange;
    try {
      exchange = createExchange(request, response, next);
    } catch (error) {
      if (typeof next !== 'function' || !notify('next()', next, error)) warn('webhooks.receiver', error);
      return;
    }
    receive(settings, exchange)
      .catch((error: unknown) => exchange.fail(error))
      .catch((failure: unknown) => warn('webhooks.receiver', failure));
  };
};

interface Settings {
  readonly keys: readonly SigningKey[];
  readonly onEvent: WebhookReceiverOptions['onEvent'];
  readonly inbox: WebhookInbox;
  readonly leaseMs: number;
  readonly maxHandlingMs: number;
  readonly maxBodyBytes: number;
  readonly now: (() => number) | undefined;
}

const receive = async (settings: Settings, exchange: Exchange): Promise<void> => {
  const { keys, inbox, leaseMs, maxBodyBytes, now } = settings;
  const body = await readRawBody(exchange.body, maxBodyBytes);
  if (body === TOO_LARGE) {
    lingerAfterResponse(exchange.message);
    const envelope = errorEnvelope(REJECTIONS.body_too_large.message);
    return exchange.respond(413, envelope, { Connection: 'close' });
  }
  const headers = exchange.message.headersDistinct ?? exchange.message.headers;
  let event: WebhookEvent | UnknownWebhookEvent;
  try {
    event = verifyWithKeys(keys, { body, headers, now: now && invoke('now()', now, SECONDS) });
  } catch (error) {
    if (!CpgError.is(error) || error.code !== 'invalid_webhook') throw error;
    return exchange.respond(error.status ?? 401, errorEnvelope(error.wireMessage ?? error.message));
  }
  const claim = { eventId: event.id, token: crypto.randomUUID() };
  const claimed = await invokeAsync('inbox.claim()', () => inbox.claim(claim, leaseMs), CLAIM_RESULT);
  if (claimed.state === 'busy') {
    const seconds = Math.max(1, Math.ceil(claimed.leaseEndsInMs / 1000));
    const envelope = errorEnvelope('This event is being handled right now');
    return exchange.respond(409, envelope, { 'Retry-After': String(seconds) });
  }
  if (claimed.state === 'claimed') {
    await handle(settings, claim, (signal) =>
      settings.onEvent(event, { deliveryId: getDeliveryId(headers), claim, signal }),
    );
  }
  exchange.respond(200, successEnvelope(null));
};

const getDeliveryId = (headers: NodeJS.Dict<string | string[]>): string | undefined =>
  [headers[DELIVERY_HEADER.toLowerCase()]].flat()[0];

const CLAIM_RESULT = {
  accepts: (value: unknown): value is ClaimResult =>
    isObject(value) &&
    (value.state === 'claimed' ||
      value.state === 'handled' ||
      (value.state === 'busy' && Number.isFinite(value.leaseEndsInMs))),
  expected: '{ state: "claimed" }, { state: "handled" } or { state: "busy", leaseEndsInMs }',
};
const BOOLEAN = {
  accepts: (value: unknown): value is boolean => typeof value === 'boolean',
  expected: 'true or false',
};

/** Runs `work` under a claim, and completes the claim; if `work` fails, releases it. */
const handle = async (
  settings: Settings,
  claim: WebhookClaim,
  work: (signal: AbortSignal) => void | Promise<void>,
): Promise<void> => {
  const { inbox } = settings;
  const { signal, stop } = keepLease(settings, claim);
  try {
    await work(signal);
  } catch (error) {
    stop();
    await invokeAsync('inbox.release()', () => inbox.release(claim), ANY).catch((failure: unknown) =>
      warn('webhooks.receiver', failure),
    );
    throw error;
  }
  stop();
  const complete = () => invokeAsync('inbox.complete()', () => inbox.complete(claim), BOOLEAN);
  // Once more, because the work was done, and the connection may have been lost while it was idle.
  if (await complete().catch(complete)) return;
  warn(
    'webhooks.receiver',
    `event ${claim.eventId} was claimed again while onEvent was running, and may be handled twice`,
  );
};

/**
 * Renews the lease of a claim until it is stopped, for `maxHandlingMs` at most. Then it aborts the signal. An
 * inbox that cannot renew leases ends this one after `leaseMs`.
 */
const keepLease = ({ inbox, leaseMs, maxHandlingMs }: Settings, claim: WebhookClaim) => {
  const controller = new AbortController();
  const canRenew = typeof inbox.renew === 'function';
  const limitMs = canRenew ? maxHandlingMs : Math.min(leaseMs, maxHandlingMs);
  let isRenewing = false;
  const renew = async (): Promise<void> => {
    if (isRenewing) return;
    isRenewing = true;
    await invokeAsync('inbox.renew()', () => inbox.renew?.(claim, leaseMs), ANY).catch((failure: unknown) =>
      warn('webhooks.receiver', failure),
    );
    isRenewing = false;
  };
  const renewal = canRenew ? setInterval(() => void renew(), leaseMs / RENEWALS_PER_LEASE) : undefined;
  const stop = () => {
    clearInterval(renewal);
    clearTimeout(limit);
  };
  const limit = setTimeout(() => {
    stop();
    controller.abort(tooLong(claim, limitMs));
  }, limitMs);
  return { signal: controller.signal, stop };
};

const tooLong = ({ eventId }: WebhookClaim, limitMs: number): CpgError =>
  new CpgError(
    'callback_failed',
    `webhooks.receiver: onEvent has not finished event ${eventId} within ${limitMs} ms, and it may be handled again. Fix: put long work in a queue, or raise maxHandlingMs.`,
  );

/** Receives webhooks (wire protocol §5): mount `receiver`, or check a webhook yourself with `verify`. */
export const webhooks = Object.freeze({ verify: verifyWebhook, receiver: webhookReceiver });
