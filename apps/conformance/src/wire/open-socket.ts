import { connect, type Socket } from 'node:net';

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
