import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** One request as its bytes stood on the wire. */
export interface CapturedRequest {
  readonly requestLine: string;
  readonly method: string;
  readonly target: string;
  /** In order, with case and repeats kept. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Answers one request by writing whatever it likes to the socket; `index` counts requests from 0. */
export type RawHandler = (socket: Socket, request: CapturedRequest, index: number) => void;

/** The only value of a header; fails on a missing or repeated one. */
export const headerOf = (request: CapturedRequest, name: string): string => {
  const values = request.headers.filter(([given]) => given.toLowerCase() === name.toLowerCase());
  const [only] = values;
  if (only === undefined || values.length > 1) throw new Error(`${name} appears ${values.length} times`);
  return only[1];
};

/** A server made of a bare socket: nothing between the bytes and the test, and free to answer anything. */
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
        for (let parsed = parse(pending); parsed !== undefined; parsed = parse(pending)) {
          pending = parsed.rest;
          this.requests.push(parsed.request);
          handler(socket, parsed.request, this.requests.length - 1);
        }
      });
    };
    this.#server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  }

  /** With `tls`, speaks https. */
  static async start(handler: RawHandler, tls?: TlsOptions): Promise<RawServer> {
    const server = new RawServer(handler, tls);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

const parse = (bytes: Buffer): { readonly request: CapturedRequest; readonly rest: Buffer } | undefined => {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [requestLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const field = (name: string) => headers.find(([given]) => given.toLowerCase() === name)?.[1];
  const start = end + 4;
  const framed =
    field('transfer-encoding') === 'chunked'
      ? readChunks(bytes, start)
      : readLength(bytes, start, Number(field('content-length') ?? 0));
  if (framed === undefined) return undefined;
  const [method = '', target = ''] = requestLine.split(' ');
  return {
    request: { requestLine, method, target, headers, body: framed.body },
    rest: bytes.subarray(framed.end),
  };
};

const readLength = (bytes: Buffer, start: number, length: number) =>
  bytes.length < start + length
    ? undefined
    : { body: bytes.subarray(start, start + length), end: start + length };

const readChunks = (bytes: Buffer, start: number) => {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const dataStart = lineEnd + 2;
    if (bytes.length < dataStart + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: dataStart + 2 };
    parts.push(bytes.subarray(dataStart, dataStart + size));
    at = dataStart + size + 2;
  }
};
