import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { readBody } from './read-body.ts';

it('reads the body of an HTTP/2 request, which needs no length', async () => {
  const server = createServer(async (request, response) => {
    const body = await readBody(request as unknown as IncomingMessage, { limit: 100, timeoutMs: 30_000 });
    response.end(String(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  stream.end('{"a":1}');
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe('{"a":1}');
  session.close();
  server.close();
});
