import { connect, type Socket } from 'node:net';
import type { HttpMessage } from './http-message.ts';
import { readMessage } from './read-message.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The address of this machine to connect from; the system's choice when left out. */
  readonly localAddress?: string | undefined;
}

/** What a server answered; `undefined` when it closed without an answer. */
export type RawAnswer = HttpMessage | undefined;

const ANSWER_TIMEOUT_MS = 8_000;

/** A server kept a connection open and did not answer in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(timeoutMs: number) {
    super(`no whole answer within ${timeoutMs} ms`);
  }
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

/** Reads the first whole response from a socket, and closes it. */
export const readAnswer = (socket: Socket, timeoutMs = ANSWER_TIMEOUT_MS): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const attempt = (isClosed: boolean) => {
      try {
        const message = readMessage(received, { isResponse: true, isClosed });
        if (message !== undefined || isClosed) finish(() => resolve(message));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(() => finish(() => reject(new NoAnswer(timeoutMs))), timeoutMs);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      attempt(false);
    });
    socket.once('close', () => attempt(true));
  });

/** Sends bytes over a connection of its own, exactly as given, and reads the answer. */
export const exchange = async (address: Address, bytes: Buffer, timeoutMs?: number): Promise<RawAnswer> => {
  const socket = await openSocket(address);
  const answer = readAnswer(socket, timeoutMs);
  socket.write(bytes);
  return answer;
};
