import { type Probe, probes } from './probe.ts';

const COMMON = { group: 'accept', spec: '§1.2', expected: 'accepted' } as const;

const query = (
  id: string,
  description: string,
  text: string,
): Pick<Probe, 'id' | 'description' | 'craft'> => ({
  id: `accept-query-${id}`,
  description,
  craft: ({ nonce }) => ({ target: `/v1/_ping?${text}&nonce=${nonce}` }),
});

const path = (id: string, description: string, text: string) => ({
  id: `accept-path-${id}`,
  description,
  expected: 'authenticated' as const,
  craft: ({ nonce }: { nonce: string }) => ({ target: `/v1/${text}?nonce=${nonce}` }),
});

const body = (id: string, description: string, bytes: (nonce: string) => Buffer | string) => ({
  id: `accept-body-${id}`,
  description,
  expected: 'authenticated' as const,
  craft: ({ nonce }: { nonce: string }) => ({
    method: 'POST',
    target: `/v1/withdrawals?nonce=${nonce}`,
    body: Buffer.from(bytes(nonce)),
  }),
});

/** Requests that a server must accept: each is signed as it is sent. */
export const ACCEPTED_PROBES = probes(COMMON, [
  {
    id: 'accept-no-query',
    description: 'a target without a query has an empty query field',
    craft: ({ now, jitter }) => ({ target: '/v1/_ping', timestamp: String(now - jitter) }),
  },
  {
    id: 'accept-bare-question-mark',
    description: 'a bare trailing ? is the same as no query',
    craft: ({ now, jitter }) => ({ target: '/v1/_ping?', timestamp: String(now + jitter) }),
  },
  query('order', 'the query is not sorted', 'b=2&a=1&B=0'),
  query('duplicate-names', 'repeated names stay, in order', 'a=2&a=1&a=2'),
  query('blank-values', 'blank values, bare names and doubled & stay', 'a=&b&&c=1&'),
  query('plus', '+ is not %20', 'a=x+y'),
  query('percent-20', '%20 is not +', 'a=x%20y'),
  query('second-question-mark', 'only the first ? splits', 'a=1?b=2'),
  {
    id: 'accept-query-last-question-mark',
    description: 'a ? at the end of a query is a part of it',
    craft: ({ nonce }) => ({ target: `/v1/_ping?nonce=${nonce}&currency=x?` }),
  },
  query('double-question-mark', 'a query that begins with ? keeps it', '?'),
  query('lower-case-escapes', 'escapes keep their case', 'a=%c3%a9%2f'),
  query('upper-case-escapes', 'escapes keep their case', 'a=%C3%A9%2F'),
  query('needless-escapes', 'needless escapes stay', 'a=%7E%41%2D'),
  query('sub-delimiters', 'sub-delimiters stay raw', "a=!$'()*,;:@/[]|^"),
  query('value-case', 'values keep their case', 'currency=usdt&network=Eth'),
  query('invalid-utf8', 'escapes that are not UTF-8 stay', 'a=%e9%ff'),
  query('stray-percent', 'a stray % stays', 'a=100%&b=%zz'),
  query('prototype-name', 'names that are special in JavaScript stay', '__proto__=1&constructor=2'),
  query('brackets', 'brackets do not nest', 'a[b]=1&a[]=2'),
  path('dots', 'dot segments are not resolved', 'x/../_ping'),
  path('single-dot', 'dot segments are not resolved', './_ping'),
  path('encoded-dots', 'encoded dot segments are not resolved', 'x/%2e%2E/_ping'),
  path('double-slash', 'doubled slashes are not merged', 'x//y'),
  path('encoded-slash', 'an encoded slash is not decoded', 'x%2fy%2Fz'),
  path('encoded-tilde', 'an encoded tilde is not decoded', '%7Euser~'),
  path('trailing-slash', 'a trailing slash stays', 'x/'),
  path('semicolon', 'path parameters stay', 'x;v=1'),
  path('upper-case', 'a path keeps its case', 'Unknown/PATH'),
  body('empty-post', 'a POST without a body hashes zero bytes', () => ''),
  body('spaces', 'outer and inner spaces count', (nonce) => ` { "nonce" : "${nonce}" } `),
  body('trailing-line-feed', 'a trailing line feed counts', (nonce) => `{"nonce":"${nonce}"}\n`),
  body('crlf', 'CRLF stays', (nonce) => `{\r\n"nonce":"${nonce}"\r\n}`),
  body('duplicate-keys', 'a body is not parsed and rebuilt', (nonce) => `{"a":1,"a":2,"nonce":"${nonce}"}`),
  body('number-spelling', 'a body is not parsed and rebuilt', (nonce) => `{"a":1.50e0,"nonce":"${nonce}"}`),
  body('escapes', 'an escaped letter is not the letter', (nonce) => `{"a":"\\u00e9","nonce":"${nonce}"}`),
  body('utf8', 'UTF-8 is hashed as it is', (nonce) => `{"a":"é ☃ 🂡","nonce":"${nonce}"}`),
  body('decomposed', 'text is not normalised', (nonce) => `{"a":"e\u0301","nonce":"${nonce}"}`),
  body('byte-order-mark', 'a byte-order mark counts', (nonce) => `\ufeff{"nonce":"${nonce}"}`),
  body('nul', 'a body does not end at NUL', (nonce) => `{"nonce":"${nonce}"}\0tail`),
  body('line-feed-first', 'a body may look like the next field', (nonce) => `\nGET\n/v1/${nonce}`),
  body('invalid-utf8', 'bytes that are no text are hashed as they are', (nonce) =>
    Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from(nonce)]),
  ),
  body('one-byte', 'a single byte', (nonce) => nonce.slice(0, 1)),
  body('65535-bytes', 'one byte less than 64 KiB', () => Buffer.alloc(65_535, 0x61)),
  body('65537-bytes', 'one byte more than 64 KiB', () => Buffer.alloc(65_537, 0x61)),
  {
    id: 'accept-get-with-body',
    description: 'the body of a GET is covered',
    craft: () => ({ body: Buffer.from('{"covered":true}') }),
  },
  {
    id: 'accept-delete-with-body',
    description: 'the body of a DELETE is covered',
    expected: 'authenticated',
    craft: ({ nonce }) => ({
      method: 'DELETE',
      target: `/v1/unknown?nonce=${nonce}`,
      body: Buffer.from('covered'),
    }),
  },
]);
