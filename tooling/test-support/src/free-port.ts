import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ports that systems give to outgoing connections and to `listen(0)` (Linux: from 32768): any other test could take
// one of those between here and the start of the program. The cluster bus of a Redis, 10000 above its port, fits below too.
const LOWEST_PORT = 12_000;
const HIGHEST_PORT = 22_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A loopback port that nothing listens on, for programs that cannot choose one themselves. */
export const freePort = async (): Promise<number> => {
  while (true) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isFree(port)) return port;
  }
};
