import { createHash, createHmac } from 'node:crypto';
import {
  computeSignature,
  createCanonicalString,
  sha256Hex,
  type WireRequest,
} from '../expected-signature.ts';
import { REJECTIONS } from '../rejections.ts';
import { type Probe, probes, type Recipe } from './probe.ts';

type Row = Pick<Probe, 'id' | 'description' | 'craft'>;

const BODY = Buffer.from('{"b": 1, "a": "\u00e9"}\n');

/**
 * A POST that leaves no step of the recipe idle: unsorted query, blank and escaped values, a body with
 * something to tidy.
 */
const busy = (nonce: string): Recipe => ({
  method: 'POST',
  target: `/v1/Withdrawals/%7e//x/?b=2+2&a=%2fx&a=&n=${nonce}`,
  body: BODY,
});

const written = (id: string, description: string, canonical: (request: WireRequest) => string): Row => ({
  id: `recipe-${id}`,
  description: `signed with ${description}`,
  craft: ({ nonce }) => ({ ...busy(nonce), canonical }),
});

const retargeted = (id: string, description: string, change: (target: string) => string): Row =>
  written(id, description, (request) =>
    createCanonicalString({ ...request, target: change(request.target) }),
  );

const hashedBody = (id: string, description: string, change: (body: Buffer) => string): Row =>
  written(id, description, (request) =>
    createCanonicalString(request).replace(/[0-9a-f]{64}$/, change(request.body)),
  );

const computed = (id: string, description: string, mac: NonNullable<Recipe['mac']>): Row => ({
  id: `recipe-${id}`,
  description: `signed with ${description}`,
  craft: ({ nonce }) => ({ ...busy(nonce), mac }),
});

const onQuery = (change: (query: string) => string) => (target: string) => {
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  return `${path}?${change(query)}`;
};

/**
 * Signatures made by the mistakes of other recipes: a server that is lenient about one of them accepts
 * forgeries or hides bugs.
 */
export const RECIPE_PROBES = probes(
  { group: 'recipe', spec: '§1.2', expected: REJECTIONS.invalidSignature },
  [
    written('trailing-line-feed', 'a trailing line feed', (r) => `${createCanonicalString(r)}\n`),
    written('crlf', 'CRLF between the fields', (r) => createCanonicalString(r).replaceAll('\n', '\r\n')),
    written('no-separator', 'nothing between the fields', (r) =>
      createCanonicalString(r).replaceAll('\n', ''),
    ),
    written('space-separator', 'spaces between the fields', (r) =>
      createCanonicalString(r).replaceAll('\n', ' '),
    ),
    written('method-lower-case', 'the method in lower case', (r) =>
      createCanonicalString({ ...r, method: r.method.toLowerCase() }),
    ),
    written('no-timestamp', 'no timestamp', (r) => createCanonicalString(r).replace(/^\d+\n/, '')),
    written('milliseconds', 'the timestamp in milliseconds', (r) =>
      createCanonicalString({ ...r, timestamp: `${r.timestamp}000` }),
    ),
    written('method-first', 'the method before the timestamp', (r) =>
      createCanonicalString({ ...r, timestamp: r.method, method: r.timestamp }),
    ),
    written('target-as-path', 'the query left in the path', (r) =>
      [r.timestamp, r.method, r.target, '', sha256Hex(r.body)].join('\n'),
    ),
    written('question-mark-kept', 'the ? kept', (r) =>
      [r.timestamp, r.method, ...r.target.split(/(?=\?)/), sha256Hex(r.body)].join('\n'),
    ),
    written('query-left-out', 'the query left out', (r) =>
      createCanonicalString({ ...r, target: r.target.split('?')[0] ?? '' }),
    ),
    written('body-left-out', 'the body hash left out', (r) =>
      createCanonicalString(r).replace(/\n[0-9a-f]{64}$/, ''),
    ),
    written('raw-body', 'the body instead of its hash', (r) =>
      createCanonicalString(r).replace(/[0-9a-f]{64}$/, r.body.toString('latin1')),
    ),
    retargeted('prefix-stripped', 'the path without /v1', (t) => t.replace(/^\/v1/, '')),
    retargeted('path-lower-case', 'the path in lower case', (t) =>
      t.replace(/^[^?]*/, (p) => p.toLowerCase()),
    ),
    retargeted('path-decoded', 'the path decoded', (t) => t.replace('%7e', '~')),
    retargeted('path-escapes-upper', 'upper-case escapes in the path', (t) => t.replace('%7e', '%7E')),
    retargeted('path-slashes-merged', 'doubled slashes merged', (t) => t.replace('//', '/')),
    retargeted('path-trailing-slash', 'the trailing slash stripped', (t) => t.replace('/?', '?')),
    retargeted(
      'query-sorted',
      'the query sorted',
      onQuery((q) => q.split('&').toSorted().join('&')),
    ),
    retargeted(
      'query-rebuilt',
      'the query taken apart and rebuilt',
      onQuery((q) => new URLSearchParams(q).toString()),
    ),
    retargeted(
      'query-decoded',
      'the query decoded',
      onQuery((q) => decodeURIComponent(q)),
    ),
    retargeted(
      'query-plus-encoded',
      '+ written as %20',
      onQuery((q) => q.replaceAll('+', '%20')),
    ),
    retargeted(
      'query-blanks-dropped',
      'blank values dropped',
      onQuery((q) => q.replace('&a=&', '&')),
    ),
    hashedBody('empty-body-hash', 'the hash of no body', () => sha256Hex(Buffer.alloc(0))),
    hashedBody('body-trimmed', 'the hash of the trimmed body', (b) =>
      sha256Hex(Buffer.from(b.toString().trim())),
    ),
    hashedBody('body-rebuilt', 'the hash of the body parsed and rebuilt', (b) =>
      sha256Hex(Buffer.from(JSON.stringify(JSON.parse(b.toString())))),
    ),
    hashedBody('hash-upper-case', 'the body hash in upper case', (b) => sha256Hex(b).toUpperCase()),
    hashedBody('hash-base64', 'the body hash in base64', (b) =>
      Buffer.from(sha256Hex(b), 'hex').toString('base64'),
    ),
    computed('upper-case', 'upper-case output', (s, c) => computeSignature(s, c).toUpperCase()),
    computed('base64', 'base64 output', (s, c) =>
      createHmac('sha256', s).update(c, 'latin1').digest('base64'),
    ),
    computed('sha512', 'HMAC-SHA512, cut to length', (s, c) =>
      createHmac('sha512', s).update(c, 'latin1').digest('hex').slice(0, 64),
    ),
    computed('plain-hash', 'a plain SHA-256 of secret and string', (s, c) =>
      createHash('sha256').update(s).update(c, 'latin1').digest('hex'),
    ),
    computed('swapped', 'secret and string exchanged', (s, c) =>
      createHmac('sha256', Buffer.from(c, 'latin1')).update(s).digest('hex'),
    ),
    computed('empty-key', 'an empty key', (_s, c) =>
      createHmac('sha256', '').update(c, 'latin1').digest('hex'),
    ),
    computed('hex-key', 'the key read as hex', (s, c) =>
      computeSignature(Buffer.from(s.toString(), 'hex'), c),
    ),
    computed('base64-key', 'the key read as base64', (s, c) =>
      computeSignature(Buffer.from(s.toString(), 'base64'), c),
    ),
    computed('hashed-key', 'the hash of the key', (s, c) => computeSignature(sha256Hex(s), c)),
  ],
);
