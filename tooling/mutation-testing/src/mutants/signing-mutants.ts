import { createHash, createHmac } from 'node:crypto';
import { hmacHex, SIGNING, type SigningParts } from '../reference/signing-parts.ts';
import { type Mutant, mutants } from './mutant.ts';

const upperEscapes = (text: string) => text.replace(/%[0-9a-f]{2}/gi, (escaped) => escaped.toUpperCase());
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const decode = (text: string) => {
  try {
    return latin1(decodeURIComponent(text)).toString('latin1');
  } catch {
    return text;
  }
};
const pairs = (query: string) => (query === '' ? [] : query.split('&'));

const onQuery = (change: (query: string) => string) => () => ({ query: change });
const onPath = (change: (path: string) => string) => () => ({ path: change });

export const PATH_MUTANTS = mutants<SigningParts>('path', [
  ['path-dots-resolved', onPath((p) => new URL(`http://h${p}`).pathname), 'path-dot-dot'],
  ['path-decoded', onPath(decode), 'path-encoded-tilde'],
  ['path-escapes-upper', onPath(upperEscapes), 'path-encoded-slash-lower'],
  ['path-slashes-merged', onPath((p) => p.replace(/\/+/g, '/')), 'path-double-slash'],
  ['path-trailing-slash-stripped', onPath((p) => p.replace(/(.)\/$/, '$1')), 'path-trailing-slash'],
  ['path-lower-case', onPath((p) => p.toLowerCase()), 'path-case'],
  ['path-prefix-stripped', onPath((p) => p.replace(/^\/v1/, '')), 'worked-example'],
  ['path-includes-query', () => ({ split: (target) => ({ path: target, query: '' }) }), 'worked-example'],
]);

export const QUERY_MUTANTS = mutants<SigningParts>('query', [
  ['query-sorted', onQuery((q) => pairs(q).toSorted().join('&')), 'query-order-as-sent'],
  ['query-reversed', onQuery((q) => pairs(q).toReversed().join('&')), 'worked-example'],
  ['query-rebuilt', onQuery((q) => new URLSearchParams(q).toString()), 'query-no-equals'],
  [
    'query-blanks-dropped',
    onQuery((q) =>
      pairs(q)
        .filter((p) => p !== '')
        .join('&'),
    ),
    'query-double-ampersand',
  ],
  [
    'query-blank-values-dropped',
    onQuery((q) =>
      pairs(q)
        .filter((p) => !p.endsWith('='))
        .join('&'),
    ),
    'query-blank-value',
  ],
  [
    'query-repeats-dropped',
    onQuery((q) => [...new Map(pairs(q).map((p) => [p.split('=')[0], p])).values()].join('&')),
    'query-duplicate-names',
  ],
  ['query-plus-encoded', onQuery((q) => q.replaceAll('+', '%20')), 'query-plus'],
  ['query-space-as-plus', onQuery((q) => q.replaceAll('%20', '+')), 'query-percent-20'],
  ['query-escapes-upper', onQuery(upperEscapes), 'query-escape-lower'],
  ['query-lower-case', onQuery((q) => q.toLowerCase()), 'worked-example'],
  ['query-decoded', onQuery(decode), 'query-needless-escape'],
  [
    'query-keeps-mark',
    () => ({
      split: (t) => {
        const { path } = SIGNING.split(t);
        return { path, query: t.slice(path.length) };
      },
    }),
    'worked-example',
  ],
  [
    'query-mark-kept-when-bare',
    () => ({ split: (t) => (t.endsWith('?') ? { path: t, query: '' } : SIGNING.split(t)) }),
    'query-trailing-qmark',
  ],
  ['query-ignored', onQuery(() => ''), 'worked-example'],
  [
    'query-split-at-last',
    () => ({
      split: (t) => {
        const at = t.lastIndexOf('?');
        return at < 0 ? { path: t, query: '' } : { path: t.slice(0, at), query: t.slice(at + 1) };
      },
    }),
    'query-second-qmark',
  ],
  [
    'query-cut-at-second',
    () => ({
      split: (t) => {
        const [path = '', query = ''] = t.split('?');
        return { path, query };
      },
    }),
    'query-second-qmark',
  ],
  [
    'query-empty-line-omitted',
    () => ({ join: (f) => f.filter((field, i) => i !== 3 || field !== '').join('\n') }),
    'ping',
  ],
  ['query-empty-as-dash', onQuery((q) => (q === '' ? '-' : q)), 'ping'],
]);

const byText = (change: (text: string) => string) => (body: Buffer) =>
  Buffer.from(change(body.toString('utf8')));
const trimAscii = (body: Buffer) => latin1(body.toString('latin1').trim());
const rebuildJson = byText((text) => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
});

const onBody = (change: SigningParts['body']) => () => ({ body: change });
const onKey = (change: (secret: Buffer) => Buffer) => () => ({ key: change });

export const METHOD_AND_BODY_MUTANTS = mutants<SigningParts>('method and body', [
  [
    'method-post-whenever-body',
    () => ({ method: (m, body) => (body.length > 0 ? 'POST' : m.toUpperCase()) }),
    'method-put',
  ],
  ['method-lower-case', () => ({ method: (m) => m.toLowerCase() }), 'ping'],
  ['method-head-as-get', () => ({ method: (m) => m.toUpperCase().replace('HEAD', 'GET') }), 'method-head'],
  [
    'body-ignored-for-get',
    onBody((b, m) => (m.toUpperCase() === 'GET' ? Buffer.alloc(0) : b)),
    'method-get-with-body',
  ],
  [
    'body-ignored-for-delete',
    onBody((b, m) => (m.toUpperCase() === 'DELETE' ? Buffer.alloc(0) : b)),
    'method-delete-with-body',
  ],
  ['body-ignored', onBody(() => Buffer.alloc(0)), 'post-withdrawal'],
  [
    'body-empty-hash-left-out',
    () => ({ bodyHash: (b) => (b.length === 0 ? '' : SIGNING.bodyHash(b)) }),
    'ping',
  ],
  ['body-rebuilt', onBody(rebuildJson), 'body-spaces'],
  ['body-trimmed', onBody(trimAscii), 'body-trailing-lf'],
  ['body-crlf-to-lf', onBody((b) => latin1(b.toString('latin1').replaceAll('\r\n', '\n'))), 'body-crlf'],
  [
    'body-mark-stripped',
    onBody((b) => (b.toString('hex', 0, 3) === 'efbbbf' ? b.subarray(3) : b)),
    'body-bom',
  ],
  ['body-lossy-utf8', onBody(byText((t) => t)), 'body-invalid-utf8'],
  ['body-as-latin1', onBody((b) => Buffer.from(b.toString('latin1'), 'utf8')), 'body-utf8'],
  ['body-normalised', onBody(byText((t) => t.normalize('NFC'))), 'body-utf8-decomposed'],
  ['body-first-64-kib', onBody((b) => b.subarray(0, 65_536)), 'body-65537-bytes'],
  ['body-first-256', onBody((b) => b.subarray(0, 255)), 'body-256-bytes'],
  ['body-cut-at-nul', onBody((b) => (b.includes(0) ? b.subarray(0, b.indexOf(0)) : b)), 'body-nul'],
  ['body-raw', () => ({ bodyHash: (b) => b.toString('latin1') }), 'post-withdrawal'],
  ['body-hash-upper', () => ({ bodyHash: (b) => SIGNING.bodyHash(b).toUpperCase() }), 'ping'],
  ['body-hash-base64', () => ({ bodyHash: (b) => createHash('sha256').update(b).digest('base64') }), 'ping'],
]);

const longKey = (from: number, change: (secret: Buffer) => Buffer) => (secret: Buffer) =>
  secret.length >= from ? change(secret) : secret;
const isHex = (secret: Buffer) => /^(?:[0-9a-f]{2})+$/i.test(secret.toString());
const isBase64 = (secret: Buffer) =>
  /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret.toString());

export const FRAMING_AND_KEY_MUTANTS = mutants<SigningParts>('framing, key, MAC', [
  ['order-method-first', () => ({ join: ([t = '', m = '', ...rest]) => [m, t, ...rest].join('\n') }), 'ping'],
  ['framing-crlf', () => ({ join: (f) => f.join('\r\n') }), 'ping'],
  ['framing-space', () => ({ join: (f) => f.join(' ') }), 'ping'],
  ['framing-none', () => ({ join: (f) => f.join('') }), 'ping'],
  ['framing-trailing-lf', () => ({ join: (f) => `${f.join('\n')}\n` }), 'ping'],
  ['timestamp-in-milliseconds', () => ({ timestamp: (t) => `${t}000` }), 'ping'],
  ['key-hex-decoded', onKey((s) => (isHex(s) ? Buffer.from(s.toString(), 'hex') : s)), 'key-hex-looking'],
  [
    'key-base64-decoded',
    onKey((s) => (isBase64(s) ? Buffer.from(s.toString(), 'base64') : s)),
    'key-base64-looking',
  ],
  ['key-trimmed', onKey((s) => Buffer.from(s.toString().trim())), 'key-outer-spaces'],
  ['key-line-feed-stripped', onKey((s) => (s.at(-1) === 10 ? s.subarray(0, -1) : s)), 'key-trailing-lf'],
  ['key-ascii-only', onKey((s) => latin1(s.toString().replace(/[^\0-\x7f]/g, '?'))), 'key-utf8'],
  ['key-latin1', onKey((s) => latin1(s.toString())), 'key-utf8'],
  ['key-cut-at-64', onKey(longKey(65, (s) => s.subarray(0, 64))), 'key-65-bytes'],
  ['key-hashed-from-64', onKey(longKey(64, (s) => createHash('sha256').update(s).digest())), 'key-64-bytes'],
  [
    'mac-plain-sha256',
    () => ({ mac: (k, c) => createHash('sha256').update(k).update(c, 'latin1').digest('hex') }),
    'ping',
  ],
  [
    'mac-sha512',
    () => ({ mac: (k, c) => createHmac('sha512', k).update(c, 'latin1').digest('hex') }),
    'ping',
  ],
  ['mac-upper-case', () => ({ mac: (k, c) => hmacHex(k, c).toUpperCase() }), 'ping'],
  ['mac-base64', () => ({ mac: (k, c) => Buffer.from(hmacHex(k, c), 'hex').toString('base64') }), 'ping'],
  ['mac-prefixed', () => ({ mac: (k, c) => `sha256=${hmacHex(k, c)}` }), 'ping'],
  ['mac-swapped', () => ({ mac: (k, c) => createHmac('sha256', latin1(c)).update(k).digest('hex') }), 'ping'],
]);

/**
 * Wrong recipes. `killedBy` names a vector: the case `sign-…` of a signer, `verify-vector-…` of a verifier.
 */
export const SIGNING_MUTANTS: readonly Mutant<SigningParts>[] = [
  ...PATH_MUTANTS,
  ...QUERY_MUTANTS,
  ...METHOD_AND_BODY_MUTANTS,
  ...FRAMING_AND_KEY_MUTANTS,
];
