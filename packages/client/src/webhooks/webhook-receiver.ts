import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  DELIVERY_HEADER,
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  REJECTIONS,
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
import { isUint8Array } from '../platform.ts';
import { createWebhookKeys, verifyWebhook } from './verify-webhook.ts';

/** Whether an event is new, being handled (`busy`) or already handled (`done`). */
export type InboxState = 'new' | 'busy' | 'done';

/**
 * Records which events were handled, so that a repeated delivery is not handled twice. If you run several
 * processes or must survive restarts, implement it with your database; `begin` must be atomic.
 */
export interface WebhookInbox {
  /** Returns the state of an event. If it is new, marks it as being handled. */
  begin(eventId: number): InboxState | Promise<InboxState>;
  /** Marks an event as handled. */
  finish(eventId: number): void | Promise<void>;
  /** Marks an event as new again, because handling it failed. */
  abandon(eventId: number): void | Promise<void>;
}

const DEFAULT_CAPACITY = 100_000;

/**
 * An inbox in the memory of this process. Keeps the `capacity` events that were handled last. @default 100000
 * events
 */
export const memoryInbox = (options: { readonly capacity?: number | undefined } = {}): WebhookInbox => {
  checkOptions('memoryInbox', options, { capacity: COUNT_FROM_1 });
  const { capacity = DEFAULT_CAPACITY } = options;
  const busy = new Set<number>();
  const done = new Set<number>();
  return {
    begin: (eventId) => {
      if (done.has(eventId)) return 'done';
      if (busy.has(eventId)) return 'busy';
      busy.add(eventId);
      return 'new';
    },
    finish: (eventId) => {
      busy.delete(eventId);
      done.add(eventId);
      for (const oldest of done) {
        if (done.size <= capacity) break;
        done.delete(oldest);
      }
    },
    abandon: (eventId) => {
      busy.delete(eventId);
    },
  };
};

export interface WebhookReceiverOptions {
  /** The webhook's signing secret. During a rotation, the old and the new secret. */
  readonly secret: string | readonly string[];
  /** Called once per event. The gateway waits 10 seconds for the response, so put longer work in a queue. */
  readonly onEvent: (
    event: WebhookEvent | UnknownWebhookEvent,
    delivery: { readonly deliveryId: string | undefined },
  ) => void | Promise<void>;
  /** Records the handled events. Defaults to `memoryInbox()`. */
  readonly inbox?: WebhookInbox | undefined;
  /** Maximum body size in bytes; longer bodies get 413. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** Returns the current time in whole Unix seconds. Replace it in tests. */
  readonly now?: (() => number) | undefined;
}

/** A handler for Express 4 and 5 and any other framework that calls `(request, response, next)`. */
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

const STATE = {
  accepts: (value: unknown): value is InboxState => value === 'new' || value === 'busy' || value === 'done',
  expected: '"new", "busy" or "done"',
};

/**
 * Receives webhooks (wire protocol §5). Mount it before any body parser: `app.post('/webhooks/cpg',
 * webhooks.receiver({ secret, onEvent }))`.
 *
 * Calls `onEvent` once per event `id` and responds 200 after it has resolved. A repeated delivery gets 200
 * immediately, or 409 while the event is being handled. A webhook that is not authentic or too old gets 401.
 * An error of `onEvent` is passed to `next`, and the gateway delivers the event again.
 *
 * @throws CpgError `invalid_configuration` for invalid options.
 */
export const webhookReceiver = (options: WebhookReceiverOptions): WebhookHandler => {
  checkOptions('webhooks.receiver', options, RULES);
  requireOption('webhooks.receiver: onEvent', options.onEvent, FUNCTION);
  createWebhookKeys(options.secret);
  const { inbox = memoryInbox(), maxBodyBytes = MIB } = options;
  const settings = { ...options, inbox, maxBodyBytes };
  return (request, response, next) => {
    receive(settings, request, response).catch((error: unknown) => reportFailure(error, response, next));
  };
};

/**
 * Passes an error to `next`. Without a working `next`, warns and responds 500, so that the gateway delivers
 * again.
 */
const reportFailure = (error: unknown, response: ServerResponse, next: (error?: unknown) => void): void => {
  if (typeof next !== 'function') warn('webhooks.receiver', error);
  else if (notify('next()', next, error)) return;
  if (!response.headersSent) respond(response, 500, errorEnvelope(REJECTIONS.internal_server_error.message));
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
    return respond(response, 413, errorEnvelope(REJECTIONS.body_too_large.message));
  }
  const headers = request.headersDistinct;
  let event: WebhookEvent | UnknownWebhookEvent;
  try {
    event = verifyWebhook({ secret, body, headers, now: now && invoke('now()', now, SECONDS) });
  } catch (error) {
    if (!CpgError.is(error) || error.code !== 'invalid_webhook') throw error;
    return respond(response, error.status ?? 401, errorEnvelope(error.wireMessage ?? error.message));
  }
  const state = await invokeAsync('inbox.begin()', () => inbox.begin(event.id), STATE);
  if (state === 'busy') return respond(response, 409, errorEnvelope('This event is being handled right now'));
  if (state === 'new') {
    try {
      await onEvent(event, { deliveryId: headers[DELIVERY_HEADER.toLowerCase()]?.[0] });
    } catch (error) {
      await invokeAsync('inbox.abandon()', () => inbox.abandon(event.id), ANY).catch((failure: unknown) =>
        warn('webhooks.receiver', failure),
      );
      throw error;
    }
    await invokeAsync('inbox.finish()', () => inbox.finish(event.id), ANY);
  }
  respond(response, 200, successEnvelope(null));
};

const respond = (response: ServerResponse, status: number, envelope: object): void => {
  response.writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE }).end(JSON.stringify(envelope));
};

/** A request of node:http or Express, with the properties that body parsers set. */
type WebhookRequest = IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown };

/** Returned for a body above the limit. */
const TOO_LARGE = Symbol('too large');

const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const MIN_CAPACITY = 4_096;
const MAX_LINGER_MS = 5_000;

/**
 * The received bytes of a body: those kept by `express.raw()` or the platform, otherwise read from the
 * stream.
 *
 * @throws CpgError `invalid_configuration` if a parser has consumed the stream.
 */
const readRawBody = async (request: WebhookRequest, limit: number): Promise<Buffer | typeof TOO_LARGE> => {
  const kept = [request.rawBody, request.body].find(isUint8Array);
  if (kept !== undefined) return kept.length > limit ? TOO_LARGE : Buffer.from(kept);
  if (request.readableDidRead || request.readableEnded) {
    throw new CpgError(
      'invalid_configuration',
      'The webhook body was parsed before its signature could be checked. Fix: mount webhooks.receiver() before express.json(), or use express.raw({ type: "*/*" }) on its route.',
    );
  }
  return new Promise((resolve, reject) => {
    // One buffer that grows by doubling: tiny chunks must not cost memory each.
    let bytes = Buffer.alloc(MIN_CAPACITY);
    let length = 0;
    // Keeps reading after the limit, to drain and count the rest.
    request.on('data', (chunk: Buffer) => {
      const start = length;
      length += chunk.length;
      if (length > limit + MAX_DRAINED_BYTES) request.socket.destroy();
      if (length > limit) return resolve(TOO_LARGE);
      if (length > bytes.length) bytes = Buffer.concat([bytes], Math.max(length, 2 * bytes.length));
      bytes.set(chunk, start);
    });
    request.once('end', () => resolve(bytes.subarray(0, length))).once('error', reject);
  });
};

/**
 * Makes sure the response to an oversized body reaches the sender. Closing a socket with unread bytes would
 * reset the connection, so this ends the sending direction first and closes after the rest was received, or
 * after five seconds.
 */
const lingerAfterResponse = (request: IncomingMessage): void => {
  const { socket } = request;
  // Adapters that emulate node:http (serverless, tests) manage the connection themselves.
  if (typeof socket?.destroySoon !== 'function') return;
  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls it after writing the last response of a connection.
  socket.destroySoon = () => {
    if (request.complete) return destroySoon();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), MAX_LINGER_MS);
    socket.once('close', () => clearTimeout(timer)).once('end', destroySoon);
    request.once('end', destroySoon);
  };
};

/** Receives webhooks (wire protocol §5): mount `receiver`, or check a webhook yourself with `verify`. */
export const webhooks = Object.freeze({ verify: verifyWebhook, receiver: webhookReceiver });
