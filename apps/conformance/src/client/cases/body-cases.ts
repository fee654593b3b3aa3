import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip, gzipSync } from 'node:zlib';
import type { CallResult } from '../../adapter/responses.ts';
import type { Reply } from '../capture-server.ts';
import { type ClientUnderTest, clientCases } from '../client-under-test.ts';
import { envelopeWith, expectError, expectRow, expectRowOrError, ROW } from '../expect-result.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const PACKED = gzipSync(envelopeWith());
const UNICODE_ROW = { ...ROW, network: 'É☃🂡' };
const INVALID = Buffer.from(envelopeWith({ ...ROW, network: 'E\u00ffH' }), 'latin1');
const REPLACED_ROW = { ...ROW, network: 'E\ufffdH' };

const ok = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  headers,
  body,
});
const gzip = (body: string | Buffer): Reply => ok(body, { 'Content-Encoding': 'gzip' });

/** The envelope in chunks of seven bytes. */
const chunked = (): Reply => {
  const chunks = envelopeWith(UNICODE_ROW).match(/.{1,7}/gsu) ?? [];
  const framed = chunks.map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join('');
  return {
    raw: `HTTP/1.1 200 OK\r\nContent-Type: ${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${framed}0\r\n\r\n`,
  };
};

type Judge = (client: ClientUnderTest, response: CallResult) => void;

const right: Judge = (client, response) => expectRow(client, response, UNICODE_ROW);

const ROWS: Readonly<Record<string, readonly [description: string, reply: Reply, judge: Judge]>> = {
  utf8: ['text beyond ASCII is read as UTF-8', ok(envelopeWith(UNICODE_ROW)), right],
  chunked: ['a chunked response is read completely', chunked(), right],
  'content-type-bare': [
    'a response of type application/json without a charset is read as UTF-8',
    ok(envelopeWith(UNICODE_ROW), { 'Content-Type': 'application/json' }),
    right,
  ],
  'byte-order-mark': [
    'a leading UTF-8 byte-order mark: accepted, or an error',
    ok(`\ufeff${envelopeWith()}`),
    expectRowOrError,
  ],
  utf16: [
    'UTF-16, which is no JSON on the wire: understood, or an error',
    ok(Buffer.from(`\ufeff${envelopeWith()}`, 'utf16le'), {
      'Content-Type': 'application/json; charset=utf-16',
    }),
    expectRowOrError,
  ],
  'invalid-utf8': [
    'a text with a byte that is not UTF-8: an error, or the replacement character',
    ok(INVALID),
    (client, response) => expectRowOrError(client, response, REPLACED_ROW),
  ],
  gzip: ['a gzip response: decoded, or an error', gzip(PACKED), expectRowOrError],
  'gzip-cut': ['a truncated gzip response: an error', gzip(PACKED.subarray(0, 60)), expectError],
  'gzip-in-name-only': [
    'plain JSON labelled gzip: read, or an error',
    gzip(envelopeWith()),
    expectRowOrError,
  ],
  'length-too-long': [
    'a complete envelope, but fewer bytes than Content-Length: read, or an error',
    ok(envelopeWith(), { 'Content-Length': String(envelopeWith().length + 9) }),
    expectRowOrError,
  ],
};

/** Decoding of response bodies: correct, or an error. */
export const ENCODING_CASES = clientCases(
  { group: 'encoding', spec: '§3, §6.8', timeoutMs: 40_000, needs: ['errors'] },
  Object.entries(ROWS).map(([id, [description, reply, judge]]) => ({
    id: `encoding-${id}`,
    description,
    run: (client: ClientUnderTest) =>
      client.play({ label: `encoding-${id}`, respond: () => reply }, async (scene) => {
        const moved = client.movableNow();
        const response = await scene.call({ operation: 'balances.list', ...moved });
        scene.expectAllSigned({ ...moved, elapsed: response.elapsed });
        judge(client, response);
      }),
  })),
);

/** 100 MiB. */
export const ENORMOUS_BYTES = 104_857_600;

const BLOCK = Buffer.alloc(65_536, ' ');

/**
 * A correct envelope, then spaces up to 100 MiB: valid JSON, streamed so that this process never holds all of
 * it.
 */
function* enormous(): Generator<Buffer> {
  const envelope = Buffer.from(envelopeWith());
  yield envelope;
  for (let rest = ENORMOUS_BYTES - envelope.length; rest > 0; rest -= BLOCK.length)
    yield BLOCK.subarray(0, Math.min(rest, BLOCK.length));
}

/** The same in chunks, without the last chunk. */
function* enormousChunks(): Generator<Buffer> {
  for (const block of enormous())
    yield Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
}

export const enormousBody = (): Readable => Readable.from(enormous());

export const enormousChunkedBody = (): Readable => Readable.from(enormousChunks());

let packed: Promise<Buffer> | undefined;

/** The same in gzip: about 100 kB. Created once. */
export const packedEnormousBody = (): Promise<Buffer> => {
  packed ??= buffer(enormousBody().pipe(createGzip()));
  return packed;
};

/**
 * The most bytes that a connection may take before the client hangs up, including the buffers of the system.
 */
const MAX_BYTES_TAKEN = 64 * 2 ** 20;

const received = async (client: ClientUnderTest, reply: Reply): Promise<void> =>
  client.play({ label: 'enormous', respond: () => reply }, async (scene) => {
    const moved = client.movableNow();
    const response = await scene.call({ operation: 'balances.list', ...moved });
    const taken = scene.server.mostBytesTaken();
    scene.expectAllSigned({ ...moved, elapsed: response.elapsed });
    expectError(client, response);
    client.check.recommends(taken <= MAX_BYTES_TAKEN, {
      what: 'bytes that the client read of one response',
      expected: `at most ${MAX_BYTES_TAKEN}: no response of this API is longer`,
      actual: String(taken),
      hint: 'Limit how many bytes of a response are read, before it exhausts the memory.',
    });
  });

/**
 * Responses that exhaust the memory. The wire protocol sets no limit, so a client without one gets a warning.
 */
export const SIZE_CASES = clientCases({ group: 'size', spec: '§6.8', timeoutMs: 40_000, needs: ['errors'] }, [
  {
    id: 'size-enormous',
    level: 'SHOULD',
    description: 'a JSON response of 100 MiB with Content-Length: an error before all of it was read',
    run: (client) =>
      received(client, {
        status: 200,
        headers: { 'Content-Length': String(ENORMOUS_BYTES) },
        stream: enormousBody,
      }),
  },
  {
    id: 'size-enormous-chunked',
    description: '100 MiB in chunks without an end: an error before all of it was read',
    run: (client) =>
      received(client, {
        status: 200,
        headers: { 'Transfer-Encoding': 'chunked' },
        stream: enormousChunkedBody,
      }),
  },
  {
    id: 'size-enormous-error',
    description: 'a 403 with a body of 100 MiB: an error before all of it was read',
    run: (client) =>
      received(client, {
        status: 403,
        headers: { 'Content-Length': String(ENORMOUS_BYTES) },
        stream: enormousBody,
      }),
  },
  {
    id: 'size-gzip-bomb',
    level: 'SHOULD',
    description: '100 kB of gzip that decompress to 100 MiB of JSON: an error',
    run: async (client) =>
      received(client, {
        status: 200,
        headers: { 'Content-Encoding': 'gzip' },
        body: await packedEnormousBody(),
      }),
  },
]);
