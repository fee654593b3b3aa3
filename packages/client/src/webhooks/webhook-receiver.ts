import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  DELIVERY_HEADER,
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  successEnvelope,
  type UnknownWebhookEvent,
  type WebhookEvent,
} from '@cpg/protocol';
import { ask, askAsync, notify, warn } from '../callbacks.ts';
import { CpgError } from '../errors/cpg-error.ts';
import {
  ANY,
  COUNT_FROM_1,
  checkOptions,
  FUNCTION,
  methods,
  type OptionRules,
  requireOption,
  SECONDS,
} from '../options.ts';
import { lingerAfterResponse, readRawBody, TOO_LARGE, type WebhookRequest } from './read-raw-body.ts';
import { createWebhookKeys, verifyWebhook } from './verify-webhook.ts';
import { type InboxState, memoryInbox, type WebhookInbox } from './webhook-inbox.ts';

export interface WebhookReceiverOptions {
  /** The webhook's own signing secret; during a rotation, the old and the new one. */
  readonly secret: string | readonly string[];
  /** Called once for each event. The gateway waits 10 seconds: hand longer work to a queue. */
  readonly onEvent: (
    event: WebhookEvent | UnknownWebhookEvent,
    delivery: { readonly deliveryId: string | undefined },
  ) => void | Promise<void>;
  /** Where handled events are remembered. Defaults to the memory of this process. */
  readonly inbox?: WebhookInbox | undefined;
  /** The longest body that is read. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** The clock in whole Unix seconds, for tests. */
  readonly now?: (() => number) | undefined;
}

/** A handler for Express 4 and 5, and for anything else that calls `(request, response, next)`. */
export type WebhookHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

const MIB = 1024 * 1024;

const RULES: OptionRules<WebhookReceiverOptions> = {
  secret: ANY,
  onEvent: FUNCTION,
  inbox: methods('begin', 'finish', 'abandon'),
  maxBodyBytes: COUNT_FROM_1,
  now: FUNCTION,
};

const NOW = {
  accepts: (value: unknown): value is number => SECONDS.accepts(value),
  expected: SECONDS.expected,
};
const STATE = {
  accepts: (value: unknown): value is InboxState => value === 'new' || value === 'busy' || value === 'done',
  expected: '"new", "busy" or "done"',
};
const ANYTHING = { accepts: (_value: unknown): _value is unknown => true, expected: 'anything' };

/**
 * Receives webhooks: `app.post('/webhooks/cpg', webhookReceiver({ secret, onEvent }))`, before any body parser. Answers
 * 401 to what is not authentic or not fresh, calls `onEvent` once for each event `id`, and answers 200 when it has
 * resolved; a repeated delivery gets its 200 at once, one that arrives meanwhile 409. What `onEvent` throws goes to `next`,
 * and the gateway delivers again. Contract §5.
 *
 * @throws CpgError `invalid_configuration` at once for options that cannot be used.
 */
export const webhookReceiver = (options: WebhookReceiverOptions): WebhookHandler => {
  checkOptions('webhooks.receiver', options, RULES);
  requireOption('webhooks.receiver: onEvent', options.onEvent, FUNCTION);
  createWebhookKeys(options.secret);
  const { inbox = memoryInbox(), maxBodyBytes = MIB } = options;
  const settings = { ...options, inbox, maxBodyBytes };
  return (request, response, next) => {
    receive(settings, request, response).catch((error: unknown) => giveUp(error, response, next));
  };
};

/** Hands a failure on; without a `next` that works, it is reported and the gateway gets a 500, to deliver again. */
const giveUp = (error: unknown, response: ServerResponse, next: (error?: unknown) => void): void => {
  if (typeof next !== 'function') warn('webhooks.receiver', error);
  else if (notify('next()', next, error)) return;
  if (!response.headersSent) answer(response, 500, errorEnvelope('Internal server error'));
};

type Settings = WebhookReceiverOptions & {
  readonly inbox: WebhookInbox;
  readonly maxBodyBytes: number;
};

const receive = async (
  { secret, onEvent, inbox, maxBodyBytes, now }: Settings,
  request: WebhookRequest,
  response: ServerResponse,
): Promise<void> => {
  const body = await readRawBody(request, maxBodyBytes);
  if (body === TOO_LARGE) {
    response.setHeader('Connection', 'close');
    lingerAfterResponse(request);
    return answer(response, 413, errorEnvelope('Request body is too large'));
  }
  const headers = request.headersDistinct;
  let event: WebhookEvent | UnknownWebhookEvent;
  try {
    event = verifyWebhook({ secret, body, headers, now: now && ask('now()', now, NOW) });
  } catch (error) {
    if (!CpgError.is(error) || error.code !== 'invalid_webhook') throw error;
    return answer(response, error.status ?? 401, errorEnvelope(error.wireMessage ?? error.message));
  }
  const state = await askAsync('inbox.begin()', () => inbox.begin(event.id), STATE);
  if (state === 'busy') return answer(response, 409, errorEnvelope('This event is being handled right now'));
  if (state === 'new') {
    try {
      await onEvent(event, { deliveryId: headers[DELIVERY_HEADER.toLowerCase()]?.[0] });
    } catch (error) {
      await askAsync('inbox.abandon()', () => inbox.abandon(event.id), ANYTHING).catch((failure: unknown) =>
        warn('webhooks.receiver', failure),
      );
      throw error;
    }
    await askAsync('inbox.finish()', () => inbox.finish(event.id), ANYTHING);
  }
  answer(response, 200, successEnvelope(null));
};

const answer = (response: ServerResponse, status: number, envelope: object): void => {
  response.writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE }).end(JSON.stringify(envelope));
};
