import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createSigningKey, signWebhook } from '@cpg/protocol';
import { describeWithProgram } from '@cpg/test-support/programs';
import { describe, expect, it } from 'vitest';
import { readVectors } from './run-vectors.ts';

const document = readFileSync(new URL('../../../docs/wire-protocol.md', import.meta.url), 'utf8');
const findBlocks = (language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  );

/** The bytes of a dump, and what its right-hand column would have to say about them. */
const readDump = (dump: string) => {
  const lines = dump.trimEnd().split('\n');
  const rows = lines.map((line) => Buffer.from(line.slice(10, 57).replaceAll(' ', ''), 'hex'));
  const printed = rows.map((row, index) => {
    const hex = row.toString('hex').replace(/../g, '$& ').trimEnd().padEnd(47);
    const text = row.toString('latin1').replace(/[^ -~]/g, '.');
    return `${(index * 16).toString(16).padStart(8, '0')}: ${hex}  ${text}`;
  });
  return { bytes: Buffer.concat(rows), printed, lines };
};

describe('docs/wire-protocol.md', () => {
  const [key, canonical, webhook] = findBlocks('hexdump').map(readDump);
  const example = readVectors().signing.find(({ id }) => id === 'worked-example');

  it('shows the bytes of the worked example as its vector has them', () => {
    expect(key?.bytes.toString('base64')).toBe(example?.secretB64);
    expect(canonical?.bytes.toString('hex')).toBe(example?.canonicalHex);
    expect(document).toContain(`X-CPG-Signature: ${example?.signature}\n`);
    expect(webhook?.bytes.toString()).toBe('1747444800\n{"id":1}');
  });

  it('shows the bytes of each dump as text in its right-hand column', () => {
    for (const dump of [key, canonical, webhook]) expect(dump?.lines).toEqual(dump?.printed);
  });

  it('marks every row of its rule tables as the gateway’s or ours', () => {
    const [rules = ''] = document.split('\n## 6.');
    const rows = rules
      .split('\n')
      .filter((line) => /^\| (?!Header|Field|Restriction|Status|Method)/.test(line));
    expect(rows.length).toBeGreaterThan(35);
    expect(rows.filter((row) => !/\[[GP]\]/.test(row))).toEqual([]);
  });

  describeWithProgram('openssl', 'its shell lines', () => {
    it('print the signature of the worked example', () => {
      const [script = ''] = findBlocks('sh');
      expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toContain(`${example?.signature}`);
    });
  });

  it('signs the webhook example', () => {
    const signature = '228b206651b229e6181495b6ac99d4ef7e982d1ac50b9c2e7c9ed0193e5368be';
    const key = createSigningKey('cpg-example-webhook-DO-NOT-USE-IN-PRODUCTION');
    expect(signWebhook({ key, body: Buffer.from('{"id":1}'), timestamp: 1747444800 }).signature).toBe(
      signature,
    );
    expect(document).toContain(`X-CPG-Signature: ${signature}\n`);
  });
});
