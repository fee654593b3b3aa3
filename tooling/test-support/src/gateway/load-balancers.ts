import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

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
  const server = createTcpServer((incoming) => {
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

/** Forwards each request to all URLs and returns the last response, so several processes share one clock. */
export const forwardToAll = async (urls: readonly string[]): Promise<Balancer> => {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    let last = { status: 500, body: '' };
    for (const url of urls) {
      const options = { method: request.method ?? 'GET', headers: { 'content-type': 'application/json' } };
      const relayed = await fetch(url, body === '' ? options : { ...options, body });
      last = { status: relayed.status, body: await relayed.text() };
    }
    response.writeHead(last.status, { 'content-type': 'application/json' }).end(last.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
