import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { main } from '@cpg/conformance/src/commands/main.ts';
import { captureOutput } from '@cpg/test-support/captured-output';
import { expect, it, onTestFinished } from 'vitest';
import { startServer } from '../reference/server.ts';
import { SERVER } from '../reference/server-parts.ts';
import { DEMO_KEYS_FILE as KEYS } from '../suite.ts';

const output = captureOutput();

const timing = (url: string, ...more: readonly string[]) =>
  main(['timing', '--url', url, '--keys', KEYS, ...more]);

it('measures the reference server, and exits with 0 whatever the result', async () => {
  const [url = ''] = (await startServer(SERVER)).split(' ');
  expect(await timing(url, '--pairs', '20')).toBe(0);
  expect(output.text).toMatch(/^20 interleaved pairs\n/);
  expect(output.text).toMatch(/Cliff's delta +-?[01]\.\d{3} \((?:negligible|small|medium|large)\)/);
});

it.each([
  ['the port is closed', 'http://127.0.0.1:1', [], 3, /ECONNREFUSED/],
  ['the number is none', 'http://127.0.0.1:1', ['--pairs', '0'], 2, /--pairs must be a whole number/],
  ['the URL has a path', 'http://127.0.0.1:1/v1', [], 2, /--url must be http/],
])('says why it cannot measure: %s', async (_name, url, more, code, text) => {
  expect(await timing(url, ...more)).toBe(code);
  expect(output.text).toMatch(text);
});

it('does not measure other responses', async () => {
  const server = createServer((_request, response) => response.writeHead(200).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  expect(await timing(`http://127.0.0.1:${port}`, '--pairs', '5')).toBe(3);
  expect(output.text).toContain(
    'nothing to measure: the server responded with 200 instead of 401 Invalid signature',
  );
});
