import { connect, type Socket } from 'node:net';
import { type HttpMessage, MAX_RECEIVED_BYTES, readMessage } from './http-message.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The address of this machine to connect from; the system's choice when left out. */
  readonly localAddress?: string | undefined;
}

/** Connects. Errors after that are left to the reader of the response. */
export const openSocket = ({ host, port, localAddress }: Address): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // A server may respond and close before it has read everything. The response counts, not the broken
      // pipe.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });

/** A server's response; `undefined` when it closed the connection without one. */
export type RawResponse = HttpMessage | undefined;

const RESPONSE_TIMEOUT_MS = 8_000;

/** A server kept the connection open and did not respond in time. */
export class NoResponse extends Error {
  override readonly name = 'NoResponse';

  constructor(timeoutMs: number) {
    super(`no complete response within ${timeoutMs} ms`);
  }
}

/** A connection that stays open: one request after the other, each with its response, byte for byte. */
export class Connection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #isTooLong = false;
  #isHead = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      if (this.#received.length > MAX_RECEIVED_BYTES) {
        this.#isTooLong = true;
        socket.destroy();
      }
      this.#wake();
    });
    socket.once('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open(address: Address): Promise<Connection> {
    return new Connection(await openSocket(address));
  }

  /** Whether the other side has closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(bytes: Buffer): void {
    if (/^[A-Z]+ \//.test(bytes.toString('latin1', 0, 16)))
      this.#isHead = bytes.toString('latin1', 0, 5) === 'HEAD ';
    this.#socket.write(bytes);
  }

  /**
   * The next response; `undefined` when the connection closes without one. Throws `NoResponse` after the
   * timeout.
   */
  async read(timeoutMs = RESPONSE_TIMEOUT_MS): Promise<RawResponse> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const message = readMessage(this.#received, {
        isResponse: true,
        isToHead: this.#isHead,
        isClosed: this.#isClosed && !this.#isTooLong,
      });
      if (message !== undefined) {
        this.#received = this.#received.subarray(message.length);
        return message;
      }
      if (this.#isTooLong)
        throw new Error(
          `the server sent more than ${MAX_RECEIVED_BYTES} bytes without the end of a response`,
        );
      if (this.#isClosed) return undefined;
      const left = until - performance.now();
      if (left <= 0) throw new NoResponse(timeoutMs);
      await this.#change(left);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Sends exactly these bytes over a new connection, and reads the response. */
export const exchange = async (address: Address, bytes: Buffer, timeoutMs?: number): Promise<RawResponse> => {
  const connection = await Connection.open(address);
  try {
    connection.write(bytes);
    return await connection.read(timeoutMs);
  } finally {
    connection.close();
  }
};
