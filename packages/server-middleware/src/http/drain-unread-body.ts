import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import {
  assertOptions,
  assertValue,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  withMethods,
} from '../options.ts';
import { createPrivateField } from '../private-field.ts';

/** Limits of reading and discarding a body after the response, before the connection is closed. */
export interface DrainLimits {
  /** Bytes. @default 67108864 (64 MiB) */
  readonly maxBytes?: number | undefined;
  /** Milliseconds in all. @default 30000 */
  readonly maxMs?: number | undefined;
  /** Milliseconds without a byte. @default 5000 */
  readonly maxIdleMs?: number | undefined;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
// As nginx: lingering_time, lingering_timeout.
const DEFAULT_MAX_MS = 30_000;
const DEFAULT_MAX_IDLE_MS = 5_000;
// After a drain reached its limit: time for the client to receive the end of the stream.
const BRIEF: DrainLimits = { maxMs: 1_000 };

/** After so many chunks other connections get their turn, since Node reads up to 2 MiB of a fast client at once. */
export const CHUNKS_A_TURN = 64;

const RULES: OptionRules<DrainLimits> = {
  maxBytes: optional(positiveInteger),
  maxMs: optional(timerMs),
  maxIdleMs: optional(timerMs),
};
const aServer = withMethods(
  ['prependListener', 'closeIdleConnections'],
  'a server of node:http or node:https',
);

/** A server of `node:http` or `node:https`: a program may be compiled without the types of Node.js. */
export interface NodeServerLike {
  closeIdleConnections(): void;
  prependListener(event: string, listener: (...values: never[]) => void): unknown;
}

interface Connection {
  /** The last request on it; when that is complete, no bytes are unread. */
  request: IncomingMessage;
  isClosing: boolean;
}

const connections = createPrivateField<Connection>();
const prepared = createPrivateField<true>();

/**
 * Delivers every response of a `node:http` server, also one that is sent before the request body was read:
 * `drainUnreadBodies(app.listen(8080))`. Closing a socket with unread bytes resets the connection, and the client may lose the
 * response; so the rest of the body is read and discarded, within limits. A request with `Expect: 100-continue` gets
 * `100 Continue` when its body is first read; when it is rejected before that, the connection is closed instead. Wire
 * protocol §4.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const drainUnreadBodies = <HttpServer extends NodeServerLike>(
  given: HttpServer,
  limits: DrainLimits = {},
): HttpServer => {
  assertValue({ name: 'drainUnreadBodies: server', value: given, rule: aServer });
  const server = given as unknown as Server;
  assertOptions({ owner: 'drainUnreadBodies', options: limits, rules: RULES });
  server.prependListener('request', (_request, response) => drainUnreadBody(response, limits));
  server.on('checkContinue', (request, response) => {
    continueWhenRead(request, response);
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (_request, response) => {
    drainUnreadBody(response, limits);
    response.writeHead(417).end();
  });
  return given;
};

/** Does the same for one response that has not started; called by `sendRejection` and `sendSuccess`. */
export const drainUnreadBody = (response: ServerResponse, limits: DrainLimits = {}): void => {
  const request = response.req;
  // Adapters that imitate node:http (serverless, tests) have neither, and own the transport.
  const socket = request?.socket ?? response.socket;
  // Node itself closes an HTTP/2 stream whose body was not read, and keeps the connection.
  if (prepared.get(response) || !(socket instanceof Socket) || request.httpVersionMajor > 1) return;
  prepared.set(response, true);
  lingerInsteadOfReset(socket, { request, limits });
  // Before Node's own listener, which would discard the rest of the body without a limit.
  response.prependOnceListener('finish', () => {
    if (request.complete) return;
    // An iterator that was left early has destroyed the request, which can no longer be read.
    if (request.destroyed) closeLingering(socket, BRIEF);
    else discard(request, limits, () => closeLingering(socket, BRIEF));
  });
};

/** Node calls `destroySoon` when the last response of a connection has been written. */
const lingerInsteadOfReset = (
  socket: Socket,
  { request, limits }: { readonly request: IncomingMessage; readonly limits: DrainLimits },
): void => {
  const known = connections.get(socket);
  if (known !== undefined) {
    known.request = request;
    return;
  }
  const connection = { request, isClosing: false };
  connections.set(socket, connection);
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    // A response can finish before the parser has read all bytes that arrived with the head.
    setImmediate(() => {
      if (connection.request.complete) destroySoon();
      else closeLingering(socket, limits);
    });
  };
};

/** Ends the server's direction, then reads until the client ends its own. */
const closeLingering = (socket: Socket, limits: DrainLimits): void => {
  const connection = connections.get(socket) as Connection;
  if (connection.isClosing) return;
  connection.isClosing = true;
  const takeOver = () => {
    // A data listener detaches Node's HTTP parser from the socket. Without the parser's own listeners, later bytes cannot
    // be served as another request.
    const parserListeners = (['data', 'end'] as const).map(
      (event) => [event, socket.listeners(event)] as const,
    );
    discard(socket, limits, () => socket.destroy());
    for (const [event, listeners] of parserListeners) {
      for (const listener of listeners) socket.off(event, listener as () => void);
    }
    socket.once('end', () => socket.destroy());
  };
  socket.end();
  // The parser pauses a socket with an unread body, and only the parser's own listener resumes it.
  if (socket.isPaused()) socket.once('resume', takeOver).resume();
  else takeOver();
};

/** Reads and discards a stream, to its end or to the first limit. */
const discard = (source: IncomingMessage | Socket, limits: DrainLimits, onLimit: () => void): void => {
  const { maxBytes = DEFAULT_MAX_BYTES, maxMs = DEFAULT_MAX_MS, maxIdleMs = DEFAULT_MAX_IDLE_MS } = limits;
  let length = 0;
  let chunks = 0;
  const stop = () => {
    clearTimeout(deadline);
    clearTimeout(idle);
    source.off('data', onData).off('end', stop).off('close', stop);
  };
  const reach = () => {
    stop();
    onLimit();
  };
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    idle.refresh();
    chunks += 1;
    if (length > maxBytes) reach();
    else if (chunks % CHUNKS_A_TURN === 0) {
      source.pause();
      setImmediate(() => source.resume());
    }
  };
  const deadline = setTimeout(reach, maxMs);
  const idle = setTimeout(reach, maxIdleMs);
  source.on('data', onData).once('end', stop).once('close', stop).resume();
};

/** Sends `100 Continue` when the body is first read, unless the response has started. */
const continueWhenRead = (request: IncomingMessage, response: ServerResponse): void => {
  const { shouldKeepAlive } = response;
  // Without 100 Continue a client may send the body or not, so the next bytes are ambiguous.
  response.shouldKeepAlive = false;
  const read = request._read;
  request._read = (size) => {
    request._read = read;
    if (!response.headersSent) {
      response.shouldKeepAlive = shouldKeepAlive;
      response.writeContinue();
    }
    read.call(request, size);
  };
};
