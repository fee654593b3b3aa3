import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A load balancer on a free loopback port that gives the connections to the servers in turn, and changes no
 * byte.
 */
export const balanceConnections = async (urls: readonly string[]): Promise<Balancer> => {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((incoming) => {
    const { hostname, port } = new URL(urls[turn % urls.length] ?? '');
    turn += 1;
    const outgoing = connect(Number(port), hostname);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from));
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
