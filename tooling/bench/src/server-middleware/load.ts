import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const CONNECTIONS = 32;

/** Connections that stay open, each with one request on its way at a time. */
export class Load {
  readonly #sockets: Socket[];

  private constructor(sockets: Socket[]) {
    this.#sockets = sockets;
  }

  static async open(port: number): Promise<Load> {
    const sockets = Array.from({ length: CONNECTIONS }, () =>
      connect({ port, host: '127.0.0.1', noDelay: true }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return new Load(sockets);
  }

  /** Sends all requests and resolves when each was answered 200; rejects at the first that was not. */
  async run(requests: readonly Buffer[]): Promise<void> {
    let next = 0;
    await Promise.all(
      this.#sockets.map(async (socket) => {
        for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
          const answered = once(socket, 'data');
          socket.write(request);
          const [answer] = (await answered) as [Buffer];
          // Answers are small: each arrives whole.
          if (!answer.subarray(0, 12).equals(OK)) throw new Error(answer.toString());
        }
      }),
    );
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

const OK = Buffer.from('HTTP/1.1 200');
