import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Balancer } from './balance-connections.ts';

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
