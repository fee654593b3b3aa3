import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { getHeaderValues, type HttpMessage, parseHttpMessage } from './http-parser.ts';
import { getPort, LOOPBACK } from './ports.ts';

/** One request as its bytes stood on the wire. */
export interface CapturedRequest {
  readonly requestLine: string;
  readonly method: string;
  readonly target: string;
  /** In order, with case and repeats kept. */
  readonly headers: HttpMessage['headers'];
  readonly body: Buffer;
}

/** The only value of a header; throws on a missing or repeated one. */
export const getHeader = (request: CapturedRequest, name: string): string => {
  const values = getHeaderValues(request.headers, name);
  const [only] = values;
  if (only === undefined || values.length > 1) throw new Error(`${name} appears ${values.length} times`);
  return only;
};

/** Responds to one request by writing any bytes to the socket; `index` counts requests from 0. */
export type RawHandler = (socket: Socket, request: CapturedRequest, index: number) => void;

/** A server made of a bare socket: nothing stands between the bytes and the test, and any response is possible. */
export class RawServer {
  readonly requests: CapturedRequest[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(handler: RawHandler, tls: TlsOptions | undefined) {
    const onConnection = (socket: Socket): void => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      let pending: Buffer = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        for (
          let parsed = parseHttpMessage(pending);
          parsed !== undefined;
          parsed = parseHttpMessage(pending)
        ) {
          pending = parsed.rest;
          const request = toRequest(parsed.message);
          this.requests.push(request);
          handler(socket, request, this.requests.length - 1);
        }
      });
    };
    this.#server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  }

  /** With `tls`, speaks https. */
  static async start(handler: RawHandler, tls?: TlsOptions): Promise<RawServer> {
    const server = new RawServer(handler, tls);
    await new Promise<void>((resolve) => server.#server.listen(0, LOOPBACK, resolve));
    return server;
  }

  get port(): number {
    return getPort(this.#server);
  }

  get url(): string {
    return `http://${LOOPBACK}:${this.port}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

const toRequest = ({ startLine, headers, body }: HttpMessage): CapturedRequest => {
  const [method = '', target = ''] = startLine.split(' ');
  return { requestLine: startLine, method, target, headers, body };
};

export interface ScriptedResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
}

/** Writes one complete HTTP/1.1 response; without a `Date` header unless one is given. */
export const respond = (socket: Socket, { status, headers = {}, body = '' }: ScriptedResponse): void => {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
  const all = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(bytes.length),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${head.join('')}\r\n`, 'latin1'), bytes]),
  );
};

/** Writes a 200 response in the API's envelope. */
export const ok = (socket: Socket, data: unknown, headers: Readonly<Record<string, string>> = {}): void =>
  respond(socket, {
    status: 200,
    headers,
    body: {
      success: true,
      message: 'OK',
      data,
      ...(Array.isArray(data) ? { data_count: data.length } : {}),
    },
  });

/** Writes an error response in the API's envelope. */
export const reject = (
  socket: Socket,
  [status, message]: readonly [number, string],
  headers: Readonly<Record<string, string>> = {},
): void => respond(socket, { status, headers, body: { success: false, message } });
