import { createHash, createHmac } from 'node:crypto';
import { compareText, type ServerParts } from '../reference/server-parts.ts';
import { hmacHex } from '../reference/signing-parts.ts';
import { type Mutant, mutants } from './mutant.ts';
import { SIGNING_MUTANTS } from './signing-mutants.ts';

/**
 * The case over the wire that kills a mutant of the recipe. Odd keys are missing: a server has its own keys,
 * so only layer 1 tries them.
 */
const KILLED_BY: Readonly<Record<string, string>> = {
  'path-dots-resolved': 'accept-path-dots',
  'path-decoded': 'accept-path-encoded-tilde',
  'path-escapes-upper': 'accept-path-encoded-slash',
  'path-slashes-merged': 'accept-path-double-slash',
  'path-trailing-slash-stripped': 'accept-path-trailing-slash',
  'path-lower-case': 'accept-path-upper-case',
  'path-prefix-stripped': 'recipe-prefix-stripped',
  'path-includes-query': 'recipe-target-as-path',
  'query-sorted': 'accept-query-order',
  'query-reversed': 'accept-query-order',
  'query-rebuilt': 'accept-query-blank-values',
  'query-blanks-dropped': 'accept-query-blank-values',
  'query-blank-values-dropped': 'accept-query-blank-values',
  'query-repeats-dropped': 'accept-query-duplicate-names',
  'query-plus-encoded': 'accept-query-plus',
  'query-space-as-plus': 'accept-query-percent-20',
  'query-escapes-upper': 'accept-query-lower-case-escapes',
  'query-lower-case': 'accept-query-value-case',
  'query-decoded': 'accept-query-needless-escapes',
  'query-keeps-mark': 'recipe-question-mark-kept',
  'query-mark-kept-when-bare': 'accept-bare-question-mark',
  'query-ignored': 'accept-query-order',
  'query-split-at-last': 'accept-query-second-question-mark',
  'query-cut-at-second': 'accept-query-second-question-mark',
  'query-empty-line-omitted': 'accept-no-query',
  'query-empty-as-dash': 'accept-no-query',
  'method-post-whenever-body': 'accept-get-with-body',
  'method-lower-case': 'recipe-method-lower-case',
  'body-ignored-for-get': 'tamper-get-body-added',
  'body-ignored-for-delete': 'tamper-delete-body-added',
  'body-ignored': 'accept-body-spaces',
  'body-empty-hash-left-out': 'accept-no-query',
  'body-rebuilt': 'accept-body-spaces',
  'body-trimmed': 'accept-body-trailing-line-feed',
  'body-crlf-to-lf': 'accept-body-crlf',
  'body-mark-stripped': 'accept-body-byte-order-mark',
  'body-lossy-utf8': 'accept-body-invalid-utf8',
  'body-as-latin1': 'accept-body-utf8',
  'body-normalised': 'accept-body-decomposed',
  'body-first-64-kib': 'accept-body-65537-bytes',
  'body-first-256': 'accept-body-65535-bytes',
  'body-cut-at-nul': 'accept-body-nul',
  'body-raw': 'recipe-raw-body',
  'body-hash-upper': 'recipe-hash-upper-case',
  'body-hash-base64': 'recipe-hash-base64',
  'order-method-first': 'recipe-method-first',
  'framing-crlf': 'recipe-crlf',
  'framing-space': 'recipe-space-separator',
  'framing-none': 'recipe-no-separator',
  'framing-trailing-lf': 'recipe-trailing-line-feed',
  'timestamp-in-milliseconds': 'recipe-milliseconds',
  'mac-plain-sha256': 'recipe-plain-hash',
  'mac-upper-case': 'recipe-upper-case',
  'mac-base64': 'recipe-base64',
  'mac-prefixed': 'signature-prefix',
  'mac-swapped': 'recipe-swapped',
};

const overWire = SIGNING_MUTANTS.flatMap(({ id, alter, area }): readonly Mutant<ServerParts>[] => {
  const killedBy = KILLED_BY[id];
  return killedBy === undefined ? [] : [{ id, area, alter, killedBy: [`server-${killedBy}`] }];
});

const BETWEEN = '\u0001';

type Change = (fields: readonly string[]) => string;

/** Also accepts the signature of another recipe. */
const lenient = (change: Change) => (): Partial<ServerParts> => ({
  join: (fields) => [fields.join('\n'), change(fields)].join(BETWEEN),
  mac: (key, canonicals) =>
    canonicals
      .split(BETWEEN)
      .map((each) => hmacHex(key, each))
      .join(BETWEEN),
  compare: (expected, received) => expected.split(BETWEEN).some((each) => compareText(each, received)),
});

const lenientMac = (other: (key: Buffer, canonical: string) => string) => (): Partial<ServerParts> => ({
  mac: (key, canonical) => [hmacHex(key, canonical), other(key, canonical)].join(BETWEEN),
  compare: (expected, received) => expected.split(BETWEEN).some((each) => compareText(each, received)),
});

const field =
  (index: number, change: (text: string) => string): Change =>
  (fields) =>
    fields.map((text, i) => (i === index ? change(text) : text)).join('\n');

const EMPTY = createHash('sha256').digest('hex');
const latin1 = (text: string) => Buffer.from(text, 'latin1');

const LENIENT = mutants<ServerParts>('lenient', [
  ['lenient-no-timestamp', lenient(([, ...rest]) => rest.join('\n')), 'server-recipe-no-timestamp'],
  [
    'lenient-query-left-out',
    lenient(field(3, () => '')),
    'server-recipe-query-left-out',
    'server-tamper-query-added',
  ],
  [
    'lenient-body-left-out',
    lenient((fields) => fields.slice(0, 4).join('\n')),
    'server-recipe-body-left-out',
  ],
  [
    'lenient-empty-body-hash',
    lenient(field(4, () => EMPTY)),
    'server-recipe-empty-body-hash',
    'server-tamper-body-added',
  ],
  [
    'lenient-prefix-stripped',
    lenient(field(2, (p) => p.replace(/^\/v1/, ''))),
    'server-recipe-prefix-stripped',
  ],
  ['lenient-path-lower-case', lenient(field(2, (p) => p.toLowerCase())), 'server-recipe-path-lower-case'],
  ['lenient-path-decoded', lenient(field(2, decodeURIComponent)), 'server-recipe-path-decoded'],
  [
    'lenient-path-escapes-upper',
    lenient(field(2, (p) => p.replace('%7e', '%7E'))),
    'server-recipe-path-escapes-upper',
  ],
  [
    'lenient-path-slashes-merged',
    lenient(field(2, (p) => p.replaceAll('//', '/'))),
    'server-recipe-path-slashes-merged',
  ],
  [
    'lenient-path-trailing-slash',
    lenient(field(2, (p) => p.replace(/\/$/, ''))),
    'server-recipe-path-trailing-slash',
  ],
  [
    'lenient-query-sorted',
    lenient(field(3, (q) => q.split('&').toSorted().join('&'))),
    'server-recipe-query-sorted',
    'server-tamper-query-order',
  ],
  [
    'lenient-query-rebuilt',
    lenient(field(3, (q) => new URLSearchParams(q).toString())),
    'server-recipe-query-rebuilt',
  ],
  ['lenient-query-decoded', lenient(field(3, unescape)), 'server-recipe-query-decoded'],
  [
    'lenient-query-plus',
    lenient(field(3, (q) => q.replaceAll('+', '%20'))),
    'server-recipe-query-plus-encoded',
  ],
  [
    'lenient-query-blanks',
    lenient(field(3, (q) => q.replace('&a=&', '&'))),
    'server-recipe-query-blanks-dropped',
  ],
  [
    'lenient-query-question-mark-added',
    lenient(field(3, (q) => `${q}?`)),
    'server-tamper-query-question-mark-dropped',
  ],
  ['lenient-path-ignored', lenient(field(2, () => '/v1/balances')), 'server-tamper-path'],
  ['lenient-method-ignored', lenient(field(1, () => 'GET')), 'server-tamper-method'],
  ['lenient-method-post', lenient(field(1, () => 'POST')), 'server-tamper-method-get'],
  ['lenient-earlier-second', lenient(field(0, (t) => String(Number(t) - 1))), 'server-tamper-timestamp'],
  [
    'lenient-sha512',
    lenientMac((k, c) => createHmac('sha512', k).update(c, 'latin1').digest('hex').slice(0, 64)),
    'server-recipe-sha512',
  ],
  ['lenient-empty-key', lenientMac((_k, c) => hmacHex(Buffer.alloc(0), c)), 'server-recipe-empty-key'],
  [
    'lenient-hex-key',
    lenientMac((k, c) => hmacHex(Buffer.from(k.toString(), 'hex'), c)),
    'server-recipe-hex-key',
  ],
  [
    'lenient-base64-key',
    lenientMac((k, c) => hmacHex(Buffer.from(k.toString(), 'base64'), c)),
    'server-recipe-base64-key',
  ],
  [
    'lenient-hashed-key',
    lenientMac((k, c) => hmacHex(latin1(createHash('sha256').update(k).digest('hex')), c)),
    'server-recipe-hashed-key',
  ],
]);

/** Wrong recipes, and recipes accepted besides the right one. */
export const SERVER_SIGNING_MUTANTS: readonly Mutant<ServerParts>[] = [...overWire, ...LENIENT];

const compare = (change: ServerParts['compare']) => (): Partial<ServerParts> => ({ compare: change });

const xorCompare: ServerParts['compare'] = (expected, received) => {
  if (expected.length !== received.length) return false;
  let sum = 0;
  for (let i = 0; i < expected.length; i += 2)
    sum ^= Number.parseInt(expected.slice(i, i + 2), 16) ^ Number.parseInt(received.slice(i, i + 2), 16);
  return sum === 0;
};

export const COMPARE_MUTANTS = mutants<ServerParts>('compare', [
  ['compare-nothing', compare(() => true), 'server-signature-zeros', 'server-tamper-path'],
  [
    'compare-case-blind',
    compare((e, r) => e === r.toLowerCase()),
    'server-signature-upper-case',
    'server-signature-mixed-case',
  ],
  ['compare-first-16', compare((e, r) => e.slice(0, 16) === r.slice(0, 16)), 'server-signature-flip-last'],
  ['compare-last-16', compare((e, r) => e.slice(-16) === r.slice(-16)), 'server-signature-flip-first'],
  [
    'compare-shorter-length',
    compare((e, r) => r.length > 0 && e.slice(0, r.length) === r.slice(0, e.length)),
    'server-signature-truncated-1',
    'server-signature-extended',
  ],
  ['compare-prefix', compare((e, r) => r.length > 0 && e.startsWith(r)), 'server-signature-truncated-63'],
  [
    'compare-suffix-ignored',
    compare((e, r) => r.startsWith(e)),
    'server-signature-extended',
    'server-signature-doubled',
  ],
  ['compare-trimmed', compare((e, r) => e === r.replaceAll(' ', '')), 'server-signature-inner-space'],
  ['compare-scheme-stripped', compare((e, r) => e === r.replace(/^sha256=/, '')), 'server-signature-prefix'],
  ['compare-parameter-stripped', compare((e, r) => e === r.split(';')[0]), 'server-signature-semicolon'],
  ['compare-first-of-list', compare((e, r) => e === r.split(',')[0]), 'server-signature-comma'],
  ['compare-first-word', compare((e, r) => e === r.split(' ')[0]), 'server-signature-word-after'],
  [
    'compare-unicode-spaces-trimmed',
    compare((e, r) => e === r.trim()),
    'server-signature-no-break-space',
    'server-signature-no-break-space-before',
  ],
  [
    'compare-hex-prefix-stripped',
    compare((e, r) => e === r.replace(/^0x/, '')),
    'server-signature-hex-prefix',
  ],
  ['compare-quotes-stripped', compare((e, r) => e === r.replaceAll('"', '')), 'server-signature-quoted'],
  [
    'compare-lenient-hex',
    compare((e, r) => Buffer.from(r, 'hex').toString('hex') === e),
    'server-signature-extended-zz',
    'server-signature-upper-case',
  ],
  [
    'compare-base64-too',
    compare((e, r) => e === r || Buffer.from(r, 'base64').toString('hex') === e),
    'server-signature-base64',
  ],
  ['compare-xor-accumulated', compare(xorCompare), 'server-signature-flip-pair'],
  [
    'compare-sorted',
    compare((e, r) => [...e].toSorted().join('') === [...r].toSorted().join('')),
    'server-signature-swap',
  ],
  ['compare-any-of-list', compare((e, r) => r.split(/, */).includes(e)), 'server-signature-joined'],
  ['compare-word-ok', compare((e, r) => r === 'null' || e === r), 'server-signature-word'],
]);
