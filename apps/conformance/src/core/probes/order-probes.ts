import { SIGNATURE_HEADER } from '@cpg/protocol';
import { REJECTIONS } from '../rejections.ts';
import type { HeaderPair, Probe } from './probe.ts';

const withoutSignature = (headers: readonly HeaderPair[]) => headers.slice(0, 2);

const twice = (headers: readonly HeaderPair[]) => [...headers, ...headers.slice(2)];

const spoiltSignature = (headers: readonly HeaderPair[]): readonly HeaderPair[] => [
  ...headers.slice(0, 2),
  [SIGNATURE_HEADER, '0'.repeat(64)],
];

const gzip = ['Content-Encoding', 'gzip'] as const;
const MALFORMED = 'http://gateway.example/v1/_ping';

const row = (id: string, description: string, probe: Pick<Probe, 'expected' | 'craft'>): Probe => ({
  id: `order-${id}`,
  group: 'order',
  spec: '§2.1',
  description,
  ...probe,
});

/** Requests with two problems: the first check in the order must reject. */
export const ORDER_PROBES: readonly Probe[] = [
  row('missing-then-target', 'a missing header goes before a malformed target', {
    expected: REJECTIONS.missingHeaders,
    craft: () => ({ target: MALFORMED, headers: withoutSignature }),
  }),
  row('missing-then-timestamp', 'a missing header goes before the timestamp', {
    expected: REJECTIONS.missingHeaders,
    craft: () => ({ timestamp: '0', headers: withoutSignature }),
  }),
  row('repeated-then-target', 'a repeated header goes before a malformed target', {
    expected: REJECTIONS.malformedHeaders,
    craft: () => ({ target: MALFORMED, headers: twice }),
  }),
  row('key-id-then-timestamp', 'a malformed key id goes before the timestamp', {
    expected: REJECTIONS.malformedHeaders,
    craft: () => ({ keyId: 'no key id', timestamp: '0' }),
  }),
  row('target-then-timestamp', 'a malformed target goes before the timestamp', {
    expected: REJECTIONS.malformedTarget,
    craft: () => ({ target: MALFORMED, timestamp: '0' }),
  }),
  row('target-then-signature', 'a malformed target goes before the signature', {
    expected: REJECTIONS.malformedTarget,
    craft: () => ({ target: MALFORMED, headers: spoiltSignature }),
  }),
  row('timestamp-then-encoding', 'the timestamp goes before the content encoding', {
    expected: REJECTIONS.outsideWindow,
    craft: () => ({ timestamp: '0', headers: (headers) => [...headers, gzip] }),
  }),
  row('timestamp-then-signature', 'the timestamp goes before the signature', {
    expected: REJECTIONS.outsideWindow,
    craft: () => ({ timestamp: '0', headers: spoiltSignature }),
  }),
  row('timestamp-then-key', 'the timestamp goes before the key', {
    expected: REJECTIONS.outsideWindow,
    craft: () => ({ timestamp: '0', keyId: 'ck_unknown' }),
  }),
  row('encoding-then-signature', 'the content encoding goes before the signature', {
    expected: REJECTIONS.contentEncoding,
    craft: () => ({ headers: (headers) => [...spoiltSignature(headers), gzip] }),
  }),
];

type EncodingRow = readonly [id: string, description: string, ...codings: string[]];

const encoded =
  (expected: Probe['expected']) =>
  ([id, description, ...codings]: EncodingRow): Probe => ({
    id: `encoding-${id}`,
    group: 'encoding',
    spec: '§1.2',
    description: `Content-Encoding: ${description}`,
    expected,
    craft: ({ nonce }) => ({
      method: 'POST',
      target: `/v1/withdrawals?n=${nonce}`,
      body: Buffer.from('{}'),
      headers: (headers) => [
        ...headers,
        ...codings.map((coding): HeaderPair => ['Content-Encoding', coding]),
      ],
    }),
  });

const REJECTED_ENCODINGS: readonly EncodingRow[] = [
  ...['gzip', 'deflate', 'br', 'x-unknown'].map((coding): EncodingRow => [coding, coding, coding]),
  ['gzip-upper-case', 'GZIP', 'GZIP'],
  ['gzip-identity', 'gzip, identity', 'gzip, identity'],
  ['identity-gzip', 'identity, gzip', 'identity, gzip'],
  ['empty-element-gzip', ',gzip', ',gzip'],
  ['two-headers-gzip-last', 'identity, and again: gzip', 'identity', 'gzip'],
  ['two-headers-gzip-first', 'gzip, and again: identity', 'gzip', 'identity'],
  ['empty-header-gzip', 'nothing, and again: gzip', '', 'gzip'],
  ['identity-prefix', 'identityx', 'identityx'],
  ['identity-parameter', 'identity;q=1', 'identity;q=1'],
];

const ACCEPTED_ENCODINGS: readonly EncodingRow[] = [
  ['identity', 'identity', 'identity'],
  ['identity-upper-case', 'Identity', 'Identity'],
  ['identity-listed', 'identity, identity', 'identity, identity'],
  ['identity-twice', 'identity, twice', 'identity', 'identity'],
  ['identity-empty-element', 'identity,', 'identity,'],
  ['empty', 'nothing', ''],
];

/** Encoded bodies: the hash covers the bytes on the wire, so only `identity` is allowed. */
export const ENCODING_PROBES: readonly Probe[] = [
  ...REJECTED_ENCODINGS.map(encoded(REJECTIONS.contentEncoding)),
  ...ACCEPTED_ENCODINGS.map(encoded('authenticated')),
];
