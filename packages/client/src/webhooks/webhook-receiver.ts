import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  DELIVERY_HEADER,
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  successEnvelope,
  type UnknownWebhookEvent,
  type WebhookEvent,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import {
  ANY,
  ask,
  askAsync,
  COUNT_FROM_1,
  checkOptions,
  FUNCTION,
  methods,
  notify,
  type OptionRules,
  requireOption,
  SECONDS,
  warn,
} from '../guards.ts';
import { isUint8Array } from '../platform.ts';
import { createWebhookKeys, verifyWebhook } from './verify-webhook.ts';

/** Whether an event is new, being handled right now, or handled already. */
export type InboxState = 'new' | 'busy' | 'done';

/**
 * Remembers which events were handled, so that a repeated delivery is not handled twice. With several processes, or to
 * survive a restart, keep it in your database: `begin` must be one atomic step there.
 */
export interface WebhookInbox {
  /** Says how an event stands and, when it is new, notes that it is being handled now. */
  begin(eventId: number): InboxState | Promise<InboxState>;
  /** It was handled. */
  finish(eventId: number): void | Promise<void>;
  /** Handling it failed; the next delivery is new again. */
  abandon(eventId: number): void | Promise<void>;
}

const DEFAULT_CAPACITY = 100_000;

/** An inbox in this process's memory. Beyond `capacity` events it forgets those that were handled first. */
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

/** A request of node:http or Express, with what body parsers may have put on it. */
export type WebhookRequest = IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown };

/** The body is longer than the limit. */
export const TOO_LARGE = Symbol('too large');

const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const MAX_LINGER_MS = 5_000;

/**
 * The bytes of a body as they arrived: those that `express.raw()` or a platform kept, else read from the stream.
 *
 * @throws CpgError `invalid_configuration` when a parser has consumed them.
 */
export const readRawBody = async (
  request: WebhookRequest,
  limit: number,
): Promise<Buffer | typeof TOO_LARGE> => {
  const kept = [request.rawBody, request.body].find(isUint8Array);
  if (kept !== undefined) return kept.length > limit ? TOO_LARGE : Buffer.from(kept);
  if (request.readableDidRead || request.readableEnded) {
    throw new CpgError(
      'invalid_configuration',
      'The webhook body was parsed before its signature could be checked: mount webhookReceiver before express.json(), or put express.raw({ type: "*/*" }) on its route.',
    );
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // Stays on after the limit, so that the rest goes by and is counted.
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else resolve(TOO_LARGE);
      if (length > limit + MAX_DRAINED_BYTES) request.socket.destroy();
    });
    request.once('end', () => resolve(Buffer.concat(chunks))).once('error', reject);
  });
};

/**
 * Lets the response of a body that is too large reach its sender. Closing a socket with unread bytes would reset the
 * connection: this ends the receiver's direction, and closes when the rest has gone by, or after five seconds.
 */
export const lingerAfterResponse = (request: IncomingMessage): void => {
  const { socket } = request;
  // An adapter that imitates node:http (serverless, tests) owns the transport.
  if (typeof socket?.destroySoon !== 'function') return;
  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls it when the last response of a connection has been written.
  socket.destroySoon = () => {
    if (request.complete) return destroySoon();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), MAX_LINGER_MS);
    socket.once('close', () => clearTimeout(timer)).once('end', destroySoon);
    request.once('end', destroySoon);
  };
};

/** Receiving webhooks: check one yourself with `verify`, or mount `receiver`. Contract §5. */
export const webhooks = Object.freeze({ verify: verifyWebhook, receiver: webhookReceiver });
