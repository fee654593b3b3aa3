import { expect, it } from 'vitest';
import { maskLine } from './json-lines-adapter.ts';

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
