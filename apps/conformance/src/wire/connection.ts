import { connect, type Socket } from 'node:net';
import {
  addLatency,
  assertNotOver,
  getCaseSignal,
  getPatience,
  readArrived,
  scaleDeadline,
} from '../core/case-scope.ts';
import { ImplementationFailure, Unresponsive } from '../core/checker.ts';
import { HEAD_END, type HttpMessage, MAX_RECEIVED_BYTES, readMessage } from './http-message.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The address of this machine to connect from; the system's choice when left out. */
  readonly localAddress?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 8_000;

/** Errors that a server causes, rather than this machine. */
const OF_THE_SERVER: readonly unknown[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EPIPE',
];

const describeConnecting = (error: Error): Error => {
  if (!OF_THE_SERVER.includes((error as NodeJS.ErrnoException).code)) return error;
  return new ImplementationFailure(`no connection: ${error.message}`);
};

/** Destroys the socket when the running case is over. */
const closeWithCase = (socket: Socket): void => {
  const signal = getCaseSignal();
  const close = () => void socket.destroy();
  signal?.addEventListener('abort', close, { once: true });
  socket.once('close', () => signal?.removeEventListener('abort', close));
};

/**
 * Connects. Errors after that are left to the reader of the response. The socket is closed at the end of the
 * running case.
 */
export const openSocket = async ({ host, port, localAddress }: Address): Promise<Socket> => {
  assertNotOver();
  return new Promise((resolve, reject) => {
    const timeoutMs = scaleDeadline(CONNECT_TIMEOUT_MS);
    const socket = connect({
      host,
      port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    closeWithCase(socket);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Unresponsive(`no connection within ${Math.round(timeoutMs)} ms`));
    }, timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(describeConnecting(error));
    };
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('the connection was closed')));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // A server may respond and close before it has read everything. The response counts, not the broken
      // pipe.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
};

/** A server's response; `undefined` when it closed the connection without one. */
export type RawResponse = HttpMessage | undefined;

const RESPONSE_TIMEOUT_MS = 8_000;

/** A server kept the connection open and did not respond in time. */
export class NoResponse extends Unresponsive {
  override readonly name = 'NoResponse';

  constructor(timeoutMs: number) {
    super(`no complete response within ${Math.round(timeoutMs)} ms`);
  }
}

/** Bytes of an incomplete response that are kept for the report. */
const RECEIVED_KEPT = 4_000;

/** A connection that stays open: one request after the other, each with its response, byte for byte. */
export class Connection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  /** Bytes in which no head of a response ends: endless headers are searched once. */
  #searched = 0;
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
    assertNotOver();
    if (/^[A-Z]+ \//.test(bytes.toString('latin1', 0, 16)))
      this.#isHead = bytes.toString('latin1', 0, 5) === 'HEAD ';
    this.#socket.write(bytes);
  }

  /**
   * The next response; `undefined` when the connection closes without one. Throws `NoResponse` after the
   * timeout, which grows on a slow machine, and an `ImplementationFailure` for what cannot be read.
   */
  async read(timeoutMs?: number): Promise<RawResponse> {
    const startedAt = performance.now();
    let isLate = false;
    for (;;) {
      const message = this.#parse();
      if (message !== undefined) {
        addLatency(performance.now() - startedAt);
        this.#received = this.#received.subarray(message.length);
        this.#searched = 0;
        return message;
      }
      assertNotOver();
      if (this.#isTooLong)
        throw this.#createFailure(
          new ImplementationFailure(
            `the server sent more than ${MAX_RECEIVED_BYTES} bytes without the end of a response`,
          ),
        );
      if (this.#isClosed && this.#received.length === 0) return undefined;
      if (this.#isClosed)
        throw this.#createFailure(
          new ImplementationFailure('the server closed the connection in the middle of a response'),
        );
      const limit = timeoutMs === undefined ? getPatience(RESPONSE_TIMEOUT_MS) : scaleDeadline(timeoutMs);
      const left = startedAt + limit - performance.now();
      if (left > 0) {
        await this.#change(left);
        continue;
      }
      if (isLate) throw this.#createFailure(new NoResponse(limit));
      isLate = true;
      await readArrived();
    }
  }

  #parse(): RawResponse {
    if (!this.#received.includes(HEAD_END, Math.max(0, this.#searched - HEAD_END.length))) {
      this.#searched = this.#received.length;
      return undefined;
    }
    try {
      return readMessage(this.#received, {
        isResponse: true,
        isToHead: this.#isHead,
        isClosed: this.#isClosed && !this.#isTooLong,
      });
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'unreadable';
      throw this.#createFailure(new ImplementationFailure(`a response that is not HTTP: ${problem}`));
    }
  }

  #createFailure(failure: ImplementationFailure): ImplementationFailure {
    failure.received = this.#received.toString('latin1', 0, RECEIVED_KEPT);
    return failure;
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
