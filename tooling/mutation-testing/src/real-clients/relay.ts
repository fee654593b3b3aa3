import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Address, openSocket } from '@cpg/conformance/src/wire/connection.ts';

/** Forwards every byte to a server, and keeps the first line of each direction. */
export const startRelay = async (target: Address) => {
  const seen = { request: '', response: '' };
  const server = createServer(async (client) => {
    client.on('error', () => undefined);
    const upstream = await openSocket(target);
    client.on('data', (bytes) => {
      seen.request += bytes.toString('latin1');
    });
    upstream.on('data', (bytes) => {
      seen.response += bytes.toString('latin1');
    });
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** The first lines since the last call. */
    take: () => {
      const { request, response } = seen;
      seen.request = '';
      seen.response = '';
      return { requestLine: request.split('\r\n')[0] ?? '', statusLine: response.split('\r\n')[0] ?? '' };
    },
    close: () => server.close(),
  };
};
