import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { assertNotOver, scaleDeadline } from '../core/case-scope.ts';
import { type HttpMessage, MAX_RECEIVED_BYTES, readMessage } from '../wire/http-message.ts';

interface Head {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * How the server replies: with a response, at once or streamed; with these bytes and a closed connection; or
 * with a reset.
 */
export type Reply =
  | (Head & { readonly body?: string | Buffer })
  /** `headers` define the framing of the body; without one, it ends when the connection closes. */
  | (Head & { readonly stream: () => Readable })
  | { readonly raw: string | Buffer }
  | { readonly reset: true }
  /** Keeps the connection open after these bytes, and sends nothing more. */
  | { readonly silent: true; readonly head: string };

const formatBytes = (bytes: string | Buffer): string => Buffer.from(bytes).toString('latin1');

const encodeHead = ({ status, headers }: Head, framing: Readonly<Record<string, string>>): string => {
  const all = {
    'Content-Type': 'application/json; charset=utf-8',
    Date: new Date().toUTCString(),
    Connection: 'close',
    ...framing,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
};

/**
 * Sends a reply and ends the connection; a stream with backpressure. Returns what was sent, as latin1 text.
 */
const sendReply = (socket: Socket, reply: Reply): string => {
  if ('reset' in reply) {
    socket.resetAndDestroy();
    return '(the connection was reset)';
  }
  if ('silent' in reply) {
    socket.write(reply.head);
    return `${reply.head}(nothing more)`;
  }
  if ('raw' in reply) {
    socket.end(reply.raw);
    return reply.raw.length === 0 ? '(the connection was closed)' : formatBytes(reply.raw);
  }
  if ('stream' in reply) {
    const head = encodeHead(reply, {});
    socket.write(head);
    // The client may hang up at any time: the case judges that.
    pipeline(reply.stream(), socket, () => undefined);
    return `${head}(a long body, piece by piece)`;
  }
  const body = Buffer.from(reply.body ?? '');
  const head = encodeHead(reply, { 'Content-Length': String(body.length) });
  socket.write(head);
  socket.end(body);
  return head + formatBytes(body);
};

/** Returns the reply to a request; `index` counts from 0. */
export type Responder = (request: HttpMessage, index: number) => Reply;

/** A server that keeps the bytes it receives, on raw sockets: an HTTP library would normalise them. */
export interface CaptureServer {
  readonly url: string;
  readonly requests: readonly HttpMessage[];
  /** What was sent back to each request, as latin1 text. */
  readonly responses: readonly string[];
  /** Problems of unreadable requests. */
  readonly problems: readonly string[];
  /** The most bytes that one connection has read of the responses so far. */
  readonly mostBytesTaken: () => number;
  readonly close: () => Promise<void>;
}

// On loopback, the rest of a request arrives at once or never.
const MAX_SILENCE_MS = 2_000;

/** Far above the requests of any case: a client in an endless loop must not fill the memory. */
const MAX_CONNECTIONS = 1_000;

/** Listens on a free loopback port and responds to one request per connection. */
export const startCapture = async (
  respond: Responder,
  silenceMs = scaleDeadline(MAX_SILENCE_MS),
): Promise<CaptureServer> => {
  assertNotOver();
  const requests: HttpMessage[] = [];
  const responses: string[] = [];
  const problems: string[] = [];
  const sockets: Socket[] = [];
  let isFlooded = false;
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => undefined);
    if (sockets.length >= MAX_CONNECTIONS) {
      if (!isFlooded) problems.push(`more than ${MAX_CONNECTIONS} connections`);
      isFlooded = true;
      socket.destroy();
      return;
    }
    sockets.push(socket);
    socket.setTimeout(silenceMs, () => {
      if (received.length > 0) problems.push(`an incomplete request: ${received.length} bytes, then nothing`);
      socket.destroy();
    });
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      try {
        const request = readMessage(received);
        if (request === undefined) {
          if (received.length > MAX_RECEIVED_BYTES)
            throw new Error(`a request of more than ${MAX_RECEIVED_BYTES} bytes without an end`);
          return;
        }
        if (received.length > request.length) problems.push('bytes after the end of the request');
        requests.push(request);
        socket.setTimeout(0);
        socket.removeAllListeners('data');
        responses.push(sendReply(socket, respond(request, requests.length - 1)));
      } catch (error) {
        problems.push(error instanceof Error ? error.message : 'unreadable request');
        socket.destroy();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    responses,
    problems,
    mostBytesTaken: () => Math.max(0, ...sockets.map(({ bytesWritten }) => bytesWritten)),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
