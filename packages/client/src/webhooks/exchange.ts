import type { IncomingMessage, ServerResponse } from 'node:http';
import { ENVELOPE_CONTENT_TYPE, errorEnvelope, REJECTIONS } from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { notify, warn } from '../guards.ts';
import { describe, getTag, isObject } from '../platform.ts';
import type { UnreadBody } from './raw-body.ts';

// The types of Node.js are not in the declarations: a program may be compiled without them.

/** The members used of a request of `node:http`, which those of Express have too. */
export interface NodeRequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

/** The members used of a response of `node:http`, which those of Express have too. */
export interface NodeResponseLike {
  readonly headersSent: boolean;
  writeHead(status: number, headers?: Readonly<Record<string, string>>): unknown;
  end(body?: string): unknown;
}

/** The members used of a request of Fastify. */
export interface FastifyRequestLike {
  readonly raw: NodeRequestLike;
  readonly body?: unknown;
}

/** The members used of a reply of Fastify. */
export interface FastifyReplyLike {
  readonly raw: NodeResponseLike;
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(payload: unknown): unknown;
}

/**
 * A handler for `node:http`, Express 4 and 5, Fastify and any other framework that calls `(request, response,
 * next)`.
 */
export type WebhookHandler = (
  request: NodeRequestLike | FastifyRequestLike,
  response: NodeResponseLike | FastifyReplyLike,
  next?: (error?: unknown) => void,
) => void;

/** A request and the way to respond to it, of any supported server. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly body: UnreadBody;
  respond(status: number, envelope: object, headers?: Readonly<Record<string, string>>): void;
  /** Passes an error to the framework, or warns and responds 500, so that the gateway delivers again. */
  fail(error: unknown): void;
}

/**
 * Recognizes the arguments of a handler.
 *
 * @throws CpgError `invalid_configuration` for anything but a request and a response.
 */
export const createExchange = (...[request, response, next]: Parameters<WebhookHandler>): Exchange => {
  if (isFastifyRequest(request) && isFastifyReply(response)) return createFastifyExchange(request, response);
  if (isMessage(request) && isResponse(response)) {
    const { body, rawBody } = request as KeptBody;
    return {
      message: request,
      body: { message: request, kept: [rawBody, body] },
      respond: (status, envelope, headers) => respond(response, status, { envelope, headers }),
      fail: (error) => {
        if (typeof next !== 'function') warn('webhooks.receiver', error);
        else if (notify('next()', next, asError(error))) return;
        if (!response.headersSent) respond(response, 500, { envelope: INTERNAL_ERROR });
      },
    };
  }
  throw new CpgError(
    'invalid_configuration',
    `webhooks.receiver must be called with the request and the response of node:http, Express or Fastify: got ${describe(request)} and ${describe(response)}. Fix: for a fetch Request, call webhooks.verify({ secret, headers: request.headers, body: await request.arrayBuffer() }).`,
  );
};

/** What body parsers and platforms set. */
interface KeptBody {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

const INTERNAL_ERROR = errorEnvelope(REJECTIONS.internal_server_error.message);

const createFastifyExchange = (request: FastifyRequestLike, reply: FastifyReplyLike): Exchange => {
  const { raw, body, rawBody } = request as FastifyRequestLike & KeptBody;
  const message = raw as IncomingMessage;
  const response = reply.raw as ServerResponse;
  return {
    message,
    body: { message, kept: [rawBody, body] },
    respond: (status, envelope, headers = {}) => {
      reply.code(status);
      for (const [name, value] of Object.entries({ 'Content-Type': ENVELOPE_CONTENT_TYPE, ...headers })) {
        reply.header(name, value);
      }
      reply.send(JSON.stringify(envelope));
    },
    fail: (error) => {
      // The error handler and the log of the application get it.
      if (notify('reply.send()', (failure: unknown) => void reply.send(failure), asError(error))) return;
      if (!response.headersSent) respond(response, 500, { envelope: INTERNAL_ERROR });
    },
  };
};

const respond = (
  response: ServerResponse,
  status: number,
  {
    envelope,
    headers,
  }: { readonly envelope: object; readonly headers?: Readonly<Record<string, string>> | undefined },
): void => {
  response
    .writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE, ...headers })
    .end(JSON.stringify(envelope));
};

// `next('route')`, `next(undefined)` and `reply.send('text')` would not report a failure.
const asError = (error: unknown): Error =>
  error instanceof Error || getTag(error) === 'Error'
    ? (error as Error)
    : new CpgError('callback_failed', 'webhooks.receiver: a callback failed with a value that is no Error.', {
        cause: error,
      });

const isMessage = (value: unknown): value is IncomingMessage =>
  isObject(value) && isObject(value.headers) && typeof value.on === 'function';

const isResponse = (value: unknown): value is ServerResponse =>
  isObject(value) && typeof value.writeHead === 'function' && typeof value.end === 'function';

const isFastifyRequest = (value: unknown): value is FastifyRequestLike =>
  isObject(value) && isMessage(value.raw);

const isFastifyReply = (value: unknown): value is FastifyReplyLike =>
  isObject(value) &&
  isResponse(value.raw) &&
  ['code', 'header', 'send'].every((name) => typeof value[name] === 'function');
