import { expect, it, onTestFinished } from 'vitest';
import { maskLine, startJsonLinesAdapter } from './json-lines-adapter.ts';

const DIGEST = 'ab'.repeat(32);

it.each([
  ['{"cmd":"sign","secretB64":"c2VjcmV0"}', '{"cmd":"sign","secretB64":"[secret]"}'],
  [
    '{"keys":[{"secretB64":"YQ=="},{"secretB64": "Yg=="}]}',
    '{"keys":[{"secretB64":"[secret]"},{"secretB64": "[secret]"}]}',
  ],
  [
    `{"headers":[["X-CPG-Signature","${DIGEST}"]]}`,
    '{"headers":[["X-CPG-Signature","abababab...[masked]"]]}',
  ],
  [
    `{"headers":[["x-cpg-signature", "${DIGEST}"]]}`,
    '{"headers":[["x-cpg-signature", "abababab...[masked]"]]}',
  ],
  [`{"bodySha256":"${DIGEST}"}`, `{"bodySha256":"${DIGEST}"}`],
])('masks %s', (line, masked) => {
  expect(maskLine(line)).toBe(masked);
});

it('rejects the case before which the adapter has ended, and starts it again for the next one', async () => {
  const program = `process.stdin.once("data", (line) => {
    const { id } = JSON.parse(line);
    process.stdout.write(JSON.stringify({ id, name: "x", roles: ["sign"] }) + "\\n", () => process.exit(3));
  })`;
  const adapter = await startJsonLinesAdapter(`'${process.execPath}' -e '${program}'`);
  onTestFinished(() => void adapter.stop());
  const prepare = async () => adapter.prepare?.().then(() => 'ready', String);
  await expect.poll(prepare, { timeout: 15_000 }).toMatch(/the adapter ended \(exit code 3\)/);
  expect(await prepare()).toBe('ready');
});
