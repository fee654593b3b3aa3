import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { HttpMessage } from '../wire/http-message.ts';
import { readMessage } from '../wire/read-message.ts';

/** What the server does with a request: answer, or hang up (before or in the middle of an answer). */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    }
  | { readonly raw: string | Buffer };

/** Decides the answer to the request of this number, from 0. */
export type Responder = (request: HttpMessage, index: number) => Reply;

/** A server that keeps the bytes of what it receives. Raw sockets: no HTTP library may tidy them. */
export interface CaptureServer {
  readonly url: string;
  readonly requests: readonly HttpMessage[];
  /** Why something could not be read, if so. */
  readonly faults: readonly string[];
  readonly close: () => Promise<void>;
}

const encodeReply = (reply: Reply): Buffer => {
  if ('raw' in reply) return Buffer.from(reply.raw);
  const body = Buffer.from(reply.body ?? '');
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    Date: new Date().toUTCString(),
    'Content-Length': String(body.length),
    Connection: 'close',
    ...reply.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${reply.status} Status\r\n${lines.join('')}\r\n`), body]);
};

/** Listens on a free loopback port and answers one request a connection. */
export const startCapture = async (respond: Responder): Promise<CaptureServer> => {
  const requests: HttpMessage[] = [];
  const faults: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      try {
        const request = readMessage(received);
        if (request === undefined) return;
        if (received.length > request.length) faults.push('bytes after the end of the request');
        requests.push(request);
        socket.removeAllListeners('data').end(encodeReply(respond(request, requests.length - 1)));
      } catch (error) {
        faults.push(error instanceof Error ? error.message : 'unreadable request');
        socket.destroy();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
