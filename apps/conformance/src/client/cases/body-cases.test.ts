import { Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ENORMOUS_BYTES, enormousBody, enormousChunkedBody, packedEnormousBody } from './body-cases.ts';

const measure = async (stream: Readable | Transform): Promise<{ head: string; bytes: number }> => {
  let head = '';
  let bytes = 0;
  for await (const block of stream) {
    if (bytes === 0) head = (block as Buffer).toString('latin1', 0, 40);
    bytes += (block as Buffer).length;
  }
  return { head, bytes };
};

describe('endless bodies', () => {
  it('have 100 MiB and begin like a response', async () => {
    expect(ENORMOUS_BYTES).toBe(100 * 2 ** 20);
    expect(await measure(enormousBody())).toEqual({
      head: '{"success":true,"message":"OK","data":[{',
      bytes: ENORMOUS_BYTES,
    });
  });

  it('come in chunks too, without the last one', async () => {
    const { head, bytes } = await measure(enormousChunkedBody());
    expect(head).toMatch(/^[0-9a-f]+\r\n\{"success":true/);
    expect(bytes).toBeGreaterThan(ENORMOUS_BYTES);
    let last: Buffer = Buffer.alloc(0);
    for await (const block of enormousChunkedBody()) last = block as Buffer;
    expect(last.toString('latin1').slice(-4)).toBe('  \r\n');
  });

  it('fit into a few hundred kilobytes of gzip', async () => {
    const packed = await packedEnormousBody();
    expect(packed.length).toBeLessThan(500_000);
    const { bytes } = await measure(Readable.from([packed]).pipe(createGunzip()));
    expect(bytes).toBe(ENORMOUS_BYTES);
  });
});
