import { gzipSync } from 'node:zlib';
import type { CallAnswer } from '../../adapter/answers.ts';
import type { ClientUnderTest } from '../client-under-test.ts';
import { envelopeWith, expectError, expectRow, expectRowOrError, ROW } from '../expect-reading.ts';
import type { Reply } from '../reply.ts';
import { clientCases } from './client-case.ts';

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

type Judge = (client: ClientUnderTest, answer: CallAnswer) => void;

const right: Judge = (client, answer) => expectRow(client, answer, UNICODE_ROW);

const ROWS: Readonly<Record<string, readonly [description: string, reply: Reply, judge: Judge]>> = {
  utf8: ['text beyond ASCII is read as UTF-8', ok(envelopeWith(UNICODE_ROW)), right],
  chunked: ['an answer in chunks is read whole', chunked(), right],
  'content-type-bare': [
    'an answer whose type is application/json, without a charset, is read as UTF-8',
    ok(envelopeWith(UNICODE_ROW), { 'Content-Type': 'application/json' }),
    right,
  ],
  'byte-order-mark': [
    'a UTF-8 byte-order mark first: understood, or an error',
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
    'a text with a byte that is not UTF-8: an error, or the replacement character in its place',
    ok(INVALID),
    (client, answer) => expectRowOrError(client, answer, REPLACED_ROW),
  ],
  gzip: ['an answer in gzip: understood, or an error', gzip(PACKED), expectRowOrError],
  'gzip-cut': ['an answer in gzip that ends early: an error', gzip(PACKED.subarray(0, 60)), expectError],
  'gzip-in-name-only': [
    'plain JSON that is labelled gzip: understood, or an error',
    gzip(envelopeWith()),
    expectRowOrError,
  ],
  'length-too-long': [
    'a whole envelope and then the end, before as many bytes as were announced: understood, or an error',
    ok(envelopeWith(), { 'Content-Length': String(envelopeWith().length + 9) }),
    expectRowOrError,
  ],
};

/** How the bytes of an answer become text: rightly or not at all. */
export const ENCODING_CASES = clientCases(
  { group: 'encoding', spec: '§3, §6.8', timeoutMs: 40_000, needs: ['errors'] },
  Object.entries(ROWS).map(([id, [description, reply, judge]]) => ({
    id: `encoding-${id}`,
    description,
    run: (client: ClientUnderTest) =>
      client.play({ label: `encoding-${id}`, respond: () => reply }, async (scene) => {
        const moved = client.movableNow();
        const answer = await scene.call({ operation: 'balances.list', ...moved });
        scene.expectAllSigned({ ...moved, elapsed: answer.elapsed });
        judge(client, answer);
      }),
  })),
);
