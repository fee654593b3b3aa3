import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportVectors } from './export.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpg-export-'));
const count = await exportVectors(folder);
const read = (id: string, file: string): Buffer => readFileSync(join(folder, id, file));
const ids = readdirSync(folder).filter((name) => name !== 'README.txt');

describe('exportVectors', () => {
  it('creates a folder per case', () => {
    expect(ids).toHaveLength(count);
    expect(count).toBeGreaterThan(60);
    expect(readdirSync(join(folder, 'worked-example'))).toEqual([
      'body-sha256.txt',
      'canonical-request.txt',
      'context.json',
      'request.txt',
      'signature.txt',
      'signed-request.txt',
    ]);
  });

  it('writes bytes that openssl confirms', () => {
    for (const id of ids) {
      const { secretB64 } = JSON.parse(read(id, 'context.json').toString()) as { readonly secretB64: string };
      const canonical = read(id, 'canonical-request.txt');
      const secret = Buffer.from(secretB64, 'base64');
      expect(createHmac('sha256', secret).update(canonical).digest('hex')).toBe(
        read(id, 'signature.txt').toString(),
      );
      const request = read(id, 'request.txt');
      const body = request.subarray(request.indexOf('\r\n\r\n') + 4);
      const sha256 = createHash('sha256').update(body).digest('hex');
      expect(sha256).toBe(read(id, 'body-sha256.txt').toString());
      expect(canonical.toString('latin1').endsWith(`\n${sha256}`)).toBe(true);
    }
  });

  it('writes the request as sent', () => {
    expect(read('worked-example', 'signed-request.txt').toString()).toMatch(
      /^GET \/\S* HTTP\/1\.1\r\nHost: api\.example\.com\r\nX-CPG-Key: \S+\r\nX-CPG-Timestamp: \d+\r\nX-CPG-Signature: [0-9a-f]{64}\r\n\r\n$/,
    );
  });

  it('rejects a folder that is not empty', async () => {
    await expect(exportVectors(folder)).rejects.toThrow('not empty');
  });

  it('rejects a file', async () => {
    await expect(exportVectors(join(folder, 'README.txt'))).rejects.toThrow('cannot be created');
  });
});
