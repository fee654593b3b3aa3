import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { envelopeWith } from './expect-reading.ts';

/** 100 MiB. */
export const ENORMOUS_BYTES = 104_857_600;

const BLOCK = Buffer.alloc(65_536, ' ');

/** A correct envelope, then spaces, up to 100 MiB: JSON to the last byte, never whole in memory here. */
function* enormous(): Generator<Buffer> {
  const envelope = Buffer.from(envelopeWith());
  yield envelope;
  for (let rest = ENORMOUS_BYTES - envelope.length; rest > 0; rest -= BLOCK.length)
    yield BLOCK.subarray(0, Math.min(rest, BLOCK.length));
}

/** The same in chunks, without the one that ends them. */
function* enormousChunks(): Generator<Buffer> {
  for (const block of enormous())
    yield Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
}

export const enormousBody = (): Readable => Readable.from(enormous());

export const enormousChunkedBody = (): Readable => Readable.from(enormousChunks());

let packed: Promise<Buffer> | undefined;

/** The same in gzip: a hundred kilobytes. Made once. */
export const packedEnormousBody = (): Promise<Buffer> => {
  packed ??= buffer(enormousBody().pipe(createGzip()));
  return packed;
};
