import { NOW, type RequestParts, signedRequest } from './fixtures.ts';

/** One request, and the response that every framework must give. */
export interface AdapterCase {
  readonly name: string;
  readonly request: RequestParts;
  /** Sent in place of the request that `request` describes. */
  readonly encode?: (signed: Buffer) => readonly (string | Uint8Array)[];
  readonly status: number;
  /** The message of the envelope. */
  readonly message?: string | undefined;
  /** The whole body. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

const WITHDRAWAL = '{"currency":"USDT","network":"ETH","to_address":"0x0000000000","amount":"1"}';
const OWN = { method: 'POST', target: '/own/echo' } as const;
const echo = (rawBody: string | Uint8Array, body: unknown): string =>
  JSON.stringify({ keyId: 'ck_full', rawBody: Buffer.from(rawBody).toString('latin1'), body });

/** Sends a body in chunks of some bytes. */
const inChunks =
  (size: number) =>
  (signed: Buffer): readonly (string | Uint8Array)[] => {
    const start = signed.indexOf('\r\n\r\n') + 4;
    const head = signed.subarray(0, start).toString('latin1');
    const body = signed.subarray(start);
    const count = Math.ceil(body.length / size);
    const chunks = Array.from({ length: count }, (_, index) =>
      body.subarray(index * size, (index + 1) * size),
    );
    return [
      head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked'),
      ...chunks.map((chunk) =>
        Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
      ),
      '0\r\n\r\n',
    ];
  };

const withLine =
  (line: string) =>
  (signed: Buffer): readonly (string | Uint8Array)[] => [
    signed.toString('latin1').replace('\r\n\r\n', `\r\n${line}\r\n\r\n`),
  ];

/** Repeats a header, with the same value. */
const repeating = (name: string) => (signed: Buffer) => {
  const line = signed.toString('latin1').match(new RegExp(`^${name}: .*$`, 'm'))?.[0] as string;
  return withLine(line.trim())(signed);
};

const INVALID_UTF8 = Buffer.from([0x22, 0xff, 0x22]);
const OUTSIDE = 'Request timestamp is outside the allowed window';
const MISSING = 'Missing authentication headers';
const MALFORMED = 'Malformed authentication headers';
const INVALID = 'Invalid signature';

const VALID: readonly AdapterCase[] = [
  {
    name: 'a GET',
    request: {},
    status: 200,
    body: '{"success":true,"message":"OK","data":{"pong":true}}',
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  },
  {
    name: 'a GET with a query',
    request: { target: '/v1/balances?network=ETH&currency=usdt&x=%7E' },
    status: 200,
    body: '{"success":true,"message":"OK","data":[{"network":"ETH","balance":"1.50","held":"0.50","available":"1.00","currency":"usdt"}],"data_count":1}',
  },
  {
    name: 'a POST whose handler rejects it',
    request: { method: 'POST', target: '/v1/withdrawals', body: WITHDRAWAL },
    status: 400,
    message: 'Insufficient available balance',
  },
  {
    name: "a GET of the framework's own",
    request: { target: '/own/echo' },
    status: 200,
    body: echo('', undefined),
  },
  {
    name: "a POST of the framework's own, with spaces",
    request: { ...OWN, body: '{ "a" : 1, "b": 2 }\n' },
    status: 200,
    body: echo('{ "a" : 1, "b": 2 }\n', { a: 1, b: 2 }),
  },
  {
    name: 'a key twice',
    request: { ...OWN, body: '{ "a" : 1, "a": 2 }' },
    status: 400,
    message: 'Malformed JSON body',
  },
  {
    name: 'a body in chunks that split a character',
    request: { ...OWN, body: '{"a":"€ü€ü€"}' },
    encode: inChunks(3),
    status: 200,
    body: echo('{"a":"€ü€ü€"}', { a: '€ü€ü€' }),
  },
  {
    name: 'a long body in large chunks',
    request: { ...OWN, body: JSON.stringify('x'.repeat(300_000)) },
    encode: inChunks(70_000),
    status: 200,
  },
  { name: 'a POST without a body', request: OWN, status: 200, body: echo('', undefined) },
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'no type at all;;',
    'multipart/form-data; boundary=x',
  ].map((type) => ({
    name: `a body that is called ${type}`,
    request: { ...OWN, body: '{"a":[]}', headers: { 'Content-Type': type } },
    status: 200,
    body: echo('{"a":[]}', { a: [] }),
  })),
  { name: 'a key from a listed address', request: { keyId: 'ck_here' }, status: 200 },
];

const REJECTED: readonly AdapterCase[] = [
  ...['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature'].flatMap((name): readonly AdapterCase[] => [
    { name: `no ${name}`, request: { headers: { [name]: null } }, status: 401, message: MISSING },
    { name: `an empty ${name}`, request: { headers: { [name]: '' } }, status: 401, message: MISSING },
    { name: `${name} twice`, request: {}, encode: repeating(name), status: 401, message: MALFORMED },
  ]),
  {
    name: 'no headers on an unknown path',
    request: { target: '/v1/x', headers: { 'X-CPG-Key': null } },
    status: 401,
    message: MISSING,
  },
  { name: 'a key id with a space', request: { keyId: 'ck full' }, status: 401, message: MALFORMED },
  { name: 'a timestamp that is no number', request: { timestamp: '1e9' }, status: 401, message: OUTSIDE },
  { name: 'a timestamp 301 s ago', request: { timestamp: NOW - 301 }, status: 401, message: OUTSIDE },
  { name: 'a timestamp 301 s ahead', request: { timestamp: NOW + 301 }, status: 401, message: OUTSIDE },
  {
    name: 'an absolute target',
    request: { target: 'http://localhost/v1/_ping' },
    status: 400,
    message: 'Malformed request target',
  },
  {
    name: 'a target that starts with //',
    request: { target: '//v1/_ping' },
    status: 400,
    message: 'Malformed request target',
  },
  {
    name: 'a target with a backslash',
    request: { target: '/v1\\x' },
    status: 400,
    message: 'Malformed request target',
  },
  {
    name: 'a compressed body',
    request: { ...OWN, body: '{}', headers: { 'Content-Encoding': 'gzip' } },
    status: 415,
    message: 'Content-Encoding is not supported',
  },
  {
    name: 'a body over the limit',
    request: { ...OWN, body: 'x'.repeat(1_048_577) },
    status: 413,
    message: 'Request body is too large',
  },
  {
    name: 'a body over the limit, in chunks',
    request: { ...OWN, body: 'x'.repeat(1_048_577) },
    encode: inChunks(262_144),
    status: 413,
    message: 'Request body is too large',
  },
  {
    name: 'a body that does not arrive',
    request: { ...OWN, body: '{}' },
    encode: (signed) => [signed.subarray(0, -1)],
    status: 408,
    message: 'Request body was not received in full',
  },
  { name: 'a wrong secret', request: { secret: 'other' }, status: 401, message: INVALID },
  { name: 'an unknown key', request: { keyId: 'ck_unknown' }, status: 401, message: INVALID },
  { name: 'a revoked key', request: { keyId: 'ck_revoked' }, status: 401, message: INVALID },
  {
    name: 'another body',
    request: { ...OWN, body: '{"a":1}', sentBody: '{"a":2}' },
    status: 401,
    message: INVALID,
  },
  {
    name: 'another query',
    request: { target: '/v1/balances?a=1&b=2', sentTarget: '/v1/balances?b=2&a=1' },
    status: 401,
    message: INVALID,
  },
  {
    name: 'a key from another address',
    request: { keyId: 'ck_elsewhere' },
    status: 403,
    message: 'Source IP is not whitelisted for this API key',
  },
  {
    name: 'a key without permission',
    request: { keyId: 'ck_none', target: '/v1/balances' },
    status: 403,
    message: 'API key lacks the required permission: read_balance',
  },
  {
    name: "a key without permission on the framework's own route",
    request: { ...OWN, keyId: 'ck_none' },
    status: 403,
    message: 'API key lacks the required permission: withdraw',
  },
  { name: 'malformed JSON', request: { ...OWN, body: '{"a":' }, status: 400, message: 'Malformed JSON body' },
  {
    name: 'invalid UTF-8',
    request: { ...OWN, body: INVALID_UTF8 },
    status: 400,
    message: 'Malformed JSON body',
  },
  {
    name: 'malformed JSON without permission',
    request: { keyId: 'ck_none', method: 'POST', target: '/v1/withdrawals', body: '{' },
    status: 403,
    message: 'API key lacks the required permission: withdraw',
  },
  {
    name: 'malformed JSON in a GET',
    request: { target: '/own/echo', body: '{' },
    status: 400,
    message: 'Malformed JSON body',
  },
  {
    name: 'a body that does not fit the schema',
    request: { method: 'POST', target: '/v1/withdrawals', body: '{}' },
    status: 422,
  },
  { name: 'an unknown path', request: { target: '/v1/unknown' }, status: 404, message: 'Not found' },
  {
    name: 'another method',
    request: { method: 'DELETE', target: '/v1/balances' },
    status: 405,
    message: 'Method not allowed',
    headers: { allow: 'GET' },
  },
  {
    name: 'the method OPTIONS',
    request: { method: 'OPTIONS', target: '/v1/balances' },
    status: 405,
    message: 'Method not allowed',
  },
  {
    name: 'the method OPTIONS, unsigned',
    request: { method: 'OPTIONS', headers: { 'X-CPG-Key': null } },
    status: 401,
    message: MISSING,
  },
  {
    name: 'a key store that is down',
    request: { keyId: 'ck_keys_down' },
    status: 503,
    message: 'Service temporarily unavailable',
    headers: { 'retry-after': '1' },
  },
  {
    name: 'an admission store that is down',
    request: { keyId: 'ck_store_down' },
    status: 503,
    message: 'Service temporarily unavailable',
    headers: { 'retry-after': '1' },
  },
  {
    name: 'a handler that fails',
    request: { target: '/v1/currencies' },
    status: 500,
    message: 'Internal server error',
  },
  {
    name: "a handler of the framework's own that fails",
    request: { target: '/own/fails' },
    status: 500,
    message: 'Internal server error',
  },
  {
    name: "a handler of the framework's own that rejects",
    request: { target: '/own/rejects' },
    status: 404,
    message: 'Not found',
  },
];

// Every one is verified as it was sent, and then unknown; altered on the way it is an invalid signature.
const TARGETS = [
  ...[
    '/v1/%7E',
    '/v1/~',
    '/v1/%7e',
    '/v1//x',
    '/v1/x//',
    '/v1/a%2Fb',
    '/v1/a%5Cb',
    '/v1/a;b=c',
    '/v1/%E2%82%AC',
    '/v1/%zz',
  ],
  ...[
    '/v1/x?',
    '/v1/x?a=b&&c',
    '/v1/x?a=1?b=2',
    '/v1/x?q=a+b',
    '/v1/x?q=%zz',
    '/v1/x?b=2&a=1',
    '/V1/_ping',
    '/v1/_ping/',
  ],
  ...['/v1/./x', '/v1/a/../b', '/v1/%2e%2e/b', "/v1/x?q='()*!"],
];

const BYTES: readonly AdapterCase[] = TARGETS.map((target) => ({
  name: `the target ${target}`,
  request: { target },
  status: 404,
  message: 'Not found',
}));

// Signatures differ by their timestamps, so that no case replays another.
export const ADAPTER_CASES: readonly AdapterCase[] = [...VALID, ...REJECTED, ...BYTES].map((each, index) => ({
  ...each,
  request: { timestamp: NOW - index, ...each.request },
}));

/** The writes of a case. */
export const encodeCase = ({ request, encode }: AdapterCase): readonly (string | Uint8Array)[] => {
  const signed = signedRequest(request);
  return encode?.(signed) ?? [signed];
};
