import { createServer, type Server, type Socket } from 'node:net';
import { getPort, LOOPBACK } from '@cpg/test-support/ports';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendWebhook } from './send-webhook.ts';

const SIGNATURE = 'ab12'.repeat(16);
let server: Server;
let respond: (socket: Socket) => void;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => respond(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
});
afterAll(() => server.close());

/** Sends a webhook, and responds with the parts; `null` breaks the connection. */
const send = (...parts: readonly (string | Buffer | null)[]) => {
  respond = (socket) => {
    for (const part of parts) {
      if (part === null) socket.end(() => socket.destroy());
      else socket.write(part);
    }
  };
  return sendWebhook({
    url: `http://${LOOPBACK}:${getPort(server)}/`,
    headers: { 'X-CPG-Signature': SIGNATURE },
    body: Buffer.from('{}'),
    rules: { allowedHosts: [], sandbox: true },
    timeoutMs: 10_000,
    resolve: () => Promise.reject(new Error('not a name')),
  });
};
const head = (...lines: readonly string[]) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
const withBody = (body: string | Buffer) => [head(`Content-Length: ${Buffer.byteLength(body)}`), body];

it('keeps head and body', async () => {
  expect(await send(...withBody('{"error":"é"}'))).toEqual({
    status: 200,
    error: null,
    isSent: true,
    excerpt: { head: 'HTTP/1.1 200 OK\nContent-Length: 14', body: '{"error":"é"}', isCut: false },
  });
});

it.each([
  ['a character that the cut goes through', `${'x'.repeat(2_047)}é`, 'x'.repeat(2_047), true],
  ['a long body', 'y'.repeat(9_000), 'y'.repeat(2_048), true],
  ['bytes that are no text, and NUL', Buffer.from([0xff, 0, 0x41]), '\ufffd\ufffdA', false],
  [
    'the signature and a secret',
    `${SIGNATURE} whsec_${'s'.repeat(43)}`,
    '… (the signature) whsec_… (hidden)',
    false,
  ],
  [
    'a signature at the cut',
    `${'z'.repeat(2_000)}${SIGNATURE}`,
    `${'z'.repeat(2_000)}… (the signature)`,
    true,
  ],
])('shows %s', async (_name, given, body, isCut) => {
  expect((await send(...withBody(given))).excerpt).toMatchObject({ body, isCut });
});

it('hides secrets in the head, and cuts a long one', async () => {
  const { excerpt } = await send(
    head('Set-Cookie: session=abc', 'Authorization: Bearer abc', `X-Echo: ${SIGNATURE}`, 'Content-Length: 0'),
  );
  expect(excerpt?.head).toBe(
    'HTTP/1.1 200 OK\nSet-Cookie: … (hidden)\nAuthorization: … (hidden)\nX-Echo: … (the signature)\nContent-Length: 0',
  );
  const long = await send(head(`X-Long: ${'x'.repeat(9_000)}`, 'Content-Length: 0'));
  expect(long.excerpt?.head).toHaveLength(2_049);
});

it.each([
  ['that stays away', [head('Content-Length: 9')], ''],
  ['that stops', [head('Content-Length: 9'), 'abc'], 'abc'],
])('does not wait for a body %s', async (_name, parts, body) => {
  expect(await send(...parts)).toMatchObject({ status: 200, excerpt: { body, isCut: true } });
});

it('keeps what came before a connection breaks', async () => {
  expect(await send(head('Content-Length: 9'), 'abc', null)).toMatchObject({
    status: 200,
    error: null,
    excerpt: { body: 'abc', isCut: true },
  });
});
