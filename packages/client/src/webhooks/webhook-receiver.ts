import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  DELIVERY_HEADER,
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  successEnvelope,
  type UnknownWebhookEvent,
  type WebhookEvent,
} from '@cpg/protocol';
import { CpgError } from '../errors/cpg-error.ts';
import { readRawBody, TOO_LARGE, type WebhookRequest } from './read-raw-body.ts';
import { verifyWebhook } from './verify-webhook.ts';
import { memoryInbox, type WebhookInbox } from './webhook-inbox.ts';

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

/**
 * Receives webhooks: `app.post('/webhooks/cpg', webhookReceiver({ secret, onEvent }))`, before any body parser. Answers
 * 401 to what is not authentic or not fresh, calls `onEvent` once for each event `id`, and answers 200 when it has
 * resolved; a repeated delivery gets its 200 at once, one that arrives meanwhile 409. What `onEvent` throws goes to `next`,
 * and the gateway delivers again. Contract §5.
 */
export const webhookReceiver = (options: WebhookReceiverOptions): WebhookHandler => {
  const settings = { inbox: memoryInbox(), maxBodyBytes: MIB, ...options };
  return (request, response, next) => {
    receive(settings, request, response).catch(next);
  };
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
    return answer(response, 413, errorEnvelope('Request body is too large'));
  }
  const headers = request.headersDistinct;
  let event: WebhookEvent | UnknownWebhookEvent;
  try {
    event = verifyWebhook({ secret, body, headers, now: now?.() });
  } catch (error) {
    if (!CpgError.is(error) || error.code !== 'invalid_webhook') throw error;
    return answer(response, error.status ?? 401, errorEnvelope(error.wireMessage ?? error.message));
  }
  const state = await inbox.begin(event.id);
  if (state === 'busy') return answer(response, 409, errorEnvelope('This event is being handled right now'));
  if (state === 'new') {
    try {
      await onEvent(event, { deliveryId: headers[DELIVERY_HEADER.toLowerCase()]?.[0] });
    } catch (error) {
      await inbox.abandon(event.id);
      throw error;
    }
    await inbox.finish(event.id);
  }
  answer(response, 200, successEnvelope(null));
};

const answer = (response: ServerResponse, status: number, envelope: object): void => {
  response.writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE }).end(JSON.stringify(envelope));
};
