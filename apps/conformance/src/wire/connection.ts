import { connect, type Socket } from 'node:net';
import { type HttpMessage, MAX_RECEIVED_BYTES, readMessage } from './http-message.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The address of this machine to connect from; the system's choice when left out. */
  readonly localAddress?: string | undefined;
}

/** Connects, with errors after the connection was made left to the reader of the answer. */
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
      // A server may answer and close before it has read everything; its answer counts, not the broken pipe.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });

/** What a server answered; `undefined` when it closed without an answer. */
export type RawResponse = HttpMessage | undefined;

const RESPONSE_TIMEOUT_MS = 8_000;

/** A server kept a connection open and did not answer in time. */
export class NoResponse extends Error {
  override readonly name = 'NoResponse';

  constructor(timeoutMs: number) {
    super(`no whole answer within ${timeoutMs} ms`);
  }
}

/** A connection that is kept open: one request after the other, each with its answer, byte for byte. */
export class Connection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #isTooLong = false;
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
    this.#socket.write(bytes);
  }

  /** The next answer; `undefined` when the connection closes without one. Throws `NoAnswer` when it takes too long. */
  async read(timeoutMs = RESPONSE_TIMEOUT_MS): Promise<RawResponse> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const message = readMessage(this.#received, {
        isResponse: true,
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

/** Sends bytes over a connection of its own, exactly as given, and reads the answer. */
export const exchange = async (address: Address, bytes: Buffer, timeoutMs?: number): Promise<RawResponse> => {
  const connection = await Connection.open(address);
  try {
    connection.write(bytes);
    return await connection.read(timeoutMs);
  } finally {
    connection.close();
  }
};
