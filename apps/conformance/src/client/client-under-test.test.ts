import { expect, it } from 'vitest';
import type { Adapter } from '../adapter/adapter.ts';
import { Checker, type Exchange } from '../core/checker.ts';
import { Masker } from '../core/masker.ts';
import { Randomness } from '../core/run-settings.ts';
import { ClientUnderTest } from './client-under-test.ts';

const SIGNATURE = '0123456789abcdef'.repeat(4);
const SETTINGS = {
  headers: { 'X-CPG-Signature': SIGNATURE, Connection: 'close' },
  method: 'POST',
  body: 'x',
};

const play = async (call: (url: string) => Promise<unknown>, respond: () => { raw: string }) => {
  const seen: Exchange[] = [];
  const masker = new Masker();
  const adapter = {
    call: async ({ baseUrl }: { readonly baseUrl: string }) => {
      await call(baseUrl);
      return { ok: true };
    },
  } as unknown as Adapter;
  const random = new Randomness('seed');
  const client = new ClientUnderTest(new Checker((exchange) => seen.push(exchange)), adapter, {
    masker,
    random,
  });
  const played = client.play({ label: 'x', respond }, async (scene) => {
    await scene.call({ operation: 'ping' });
    await scene.call({ operation: 'ping' });
  });
  await played.catch(() => undefined);
  return { seen, masker };
};

it('records each exchange once, with both messages and their bodies', async () => {
  const raw = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
  const { seen, masker } = await play(
    async (url) => (await fetch(`${url}/p`, SETTINGS)).text(),
    () => ({ raw }),
  );
  expect(seen).toHaveLength(2);
  expect(seen[0]?.sent).toMatch(/^POST \/p HTTP\/1\.1\r\n.*X-CPG-Signature: 0123.*\r\n\r\nx$/is);
  expect(seen[0]?.received).toBe(raw);
  expect(masker.findSignature(SIGNATURE)?.offset).toBe(0);
});

it('records what was sent when the client crashes', async () => {
  const { seen } = await play(
    (url) => fetch(`${url}/p`, SETTINGS),
    () => ({ raw: '' }),
  );
  expect(seen.map(({ received }) => received)).toEqual(['(the connection was closed)']);
});

it('cuts long messages', async () => {
  const { seen } = await play(
    async (url) => (await fetch(`${url}/p`, { ...SETTINGS, body: 'x'.repeat(20_000) })).text(),
    () => ({ raw: `HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n${'y'.repeat(9_000)}` }),
  );
  expect(seen[0]?.sent).toMatch(/x… \(20\d{3} bytes\)$/);
  expect(seen[0]?.received).toMatch(/y… \(90\d{2} bytes\)$/);
});
