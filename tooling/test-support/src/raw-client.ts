import { connect, type Socket } from 'node:net';
import { type HttpMessage, parseHttpMessage } from './http-parser.ts';
import { LOOPBACK } from './ports.ts';

/** One response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** Lower-case names; a repeated header joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A socket on which requests are written byte by byte and responses read in order. */
export class RawConnection {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: LOOPBACK, noDelay: true });
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** The next response; `undefined` when the connection closes without one. */
  async readResponse(): Promise<RawResponse | undefined> {
    while (true) {
      const parsed = parseHttpMessage(this.#received);
      if (parsed !== undefined) {
        this.#received = parsed.rest;
        return toResponse(parsed.message);
      }
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

const toResponse = ({ startLine, headers, body }: HttpMessage): RawResponse => {
  const joined: Record<string, string> = {};
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    joined[name] = joined[name] === undefined ? value : `${joined[name]}, ${value}`;
  }
  return { status: Number(startLine.split(' ')[1]), headers: joined, body: body.toString('utf8') };
};

/** Sends one request on a connection of its own and reads the response. */
export const exchange = async (port: number, request: string | Uint8Array): Promise<RawResponse> => {
  const connection = new RawConnection(port);
  try {
    await connection.write(request);
    const response = await connection.readResponse();
    if (response === undefined) throw new Error('The server closed the connection without a response.');
    return response;
  } finally {
    connection.close();
  }
};
