import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Address, openSocket } from '@cpg/conformance/src/wire/open-socket.ts';

/** Hands every byte on to a server, and keeps the first line that went each way. */
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
    /** What went over since the last time. */
    take: () => {
      const { request, response } = seen;
      seen.request = '';
      seen.response = '';
      return { requestLine: request.split('\r\n')[0] ?? '', statusLine: response.split('\r\n')[0] ?? '' };
    },
    close: () => server.close(),
  };
};
