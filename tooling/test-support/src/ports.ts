import { randomInt } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';

/** The address that every test listens on and connects to. */
export const LOOPBACK = '127.0.0.1';

// Below the ports that systems give to outgoing connections and to `listen(0)` (Linux: from 32768): any other test could take
// one of those between here and the start of the program. The cluster bus of a Redis, 10000 above its port, fits below too.
const MIN_PORT = 12_000;
const MAX_PORT = 22_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });

/** A free loopback port, for programs that cannot listen on port 0 and report the port they got. */
export const findFreePort = async (): Promise<number> => {
  while (true) {
    const port = randomInt(MIN_PORT, MAX_PORT);
    if (await isFree(port)) return port;
  }
};

/**
 * A loopback port on which nothing listens. The port of a server that was closed will not do: another test's server may get it.
 * `fetch` refuses to connect to port 1.
 */
export const CLOSED_PORT = 2;

/** Whether a loopback port accepts connections. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });

/** The port of a listening server. */
export const getPort = (server: Pick<Server, 'address'>): number => {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server does not listen on a port.');
  return address.port;
};

/** Listens on a free loopback port; returns the port. */
export const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return getPort(server);
};
