import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Checker, type Exchange } from '@cpg/conformance/src/core/checker.ts';
import { Masker } from '@cpg/conformance/src/core/masker.ts';
import { Randomness } from '@cpg/conformance/src/core/run-settings.ts';
import { parseAddress } from '@cpg/conformance/src/server/preflight.ts';
import { ServerUnderTest } from '@cpg/conformance/src/server/server-under-test.ts';
import { expect, it } from 'vitest';
import { startServer } from '../reference/server.ts';
import { SERVER } from '../reference/server-parts.ts';
import { DEMO_KEYS as KEYS } from '../suite.ts';

const TWO_FRAMINGS = { extraHeaders: [['Transfer-Encoding', 'chunked']] } as const;

const meet = (address: { host: string; port: number }) => {
  const seen: Exchange[] = [];
  const masker = new Masker();
  const settings = { masker, random: new Randomness('seed') };
  const check = new Checker((exchange) => seen.push(masker.maskAll(exchange)));
  return { seen, server: new ServerUnderTest({ address, keys: KEYS, clockOffset: 0 }, check, settings) };
};

it.each<[name: string, onData: (socket: Socket) => void]>([
  ['waits for more', () => undefined],
  ['hangs up', (socket) => socket.end()],
])('takes a server that %s for one that does not respond', async (_name, onData) => {
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket.on('data', () => onData(socket)));
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { server, seen } = meet({ host: '127.0.0.1', port: (listener.address() as AddressInfo).port });
  const sent = server.encode(server.craft({ body: Buffer.from('{}') }), TWO_FRAMINGS);
  expect(await server.provoke(sent, 50)).toBeUndefined();
  expect(seen).toMatchObject([{ sent: expect.stringMatching(/\r\n\r\n\{\}$/), received: '' }]);
  for (const socket of sockets) socket.destroy();
  listener.close();
});

it('meets a lenient reference server that counts the chunks', async () => {
  const [url = ''] = (await startServer({ ...SERVER, isLenient: true })).split(' ');
  const { server } = meet(parseAddress(url));
  const body = Buffer.from('2\r\n{}\r\n0\r\n\r\n');
  const askSignedFor = async (signed: Buffer) => {
    const sent = server.encode(server.craft({ body, signed: { body: signed } }), TWO_FRAMINGS);
    return (await server.provoke(sent, 2_000))?.status;
  };
  expect(await askSignedFor(Buffer.from('{}'))).toBe(200);
  expect(await askSignedFor(body)).toBe(401);
});

it.each([
  ['upper case', (hex: string) => hex.toUpperCase()],
  ['base64', (hex: string) => Buffer.from(hex, 'hex').toString('base64')],
  ['all but its last digit', (hex: string) => hex.slice(0, -1)],
])('masks a signature in %s, also when it was put in later', async (_name, change) => {
  const [url = ''] = (await startServer(SERVER)).split(' ');
  const { server, seen } = meet(parseAddress(url));
  const request = server.craft();
  const changed = change(request.validSignature);
  const headers = request.headers.map(([name, value], i) => [name, i === 2 ? changed : value] as const);
  await server.send({ ...request, headers });
  expect(JSON.stringify(seen)).not.toContain(changed);
  expect(seen[0]?.sent).toContain(`${changed.slice(0, 8)}...[masked]`);
  expect(seen[0]?.received).toMatch(
    /^HTTP\/1\.1 401 Unauthorized\r\ncontent-type: application\/json; charset=utf-8\r\n/,
  );
});
