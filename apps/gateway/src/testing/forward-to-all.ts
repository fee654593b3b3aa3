import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Balancer } from './balance-connections.ts';

/** Passes each request on to every one of the URLs, and answers with what the last one says: one clock for several processes. */
export const forwardToAll = async (urls: readonly string[]): Promise<Balancer> => {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    let answer = { status: 500, body: '' };
    for (const url of urls) {
      const options = { method: request.method ?? 'GET', headers: { 'content-type': 'application/json' } };
      const told = await fetch(url, body === '' ? options : { ...options, body });
      answer = { status: told.status, body: await told.text() };
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
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
