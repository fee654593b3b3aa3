import { describe, expect, it } from 'vitest';
import { readPastedRequest } from './pasted-request.ts';

const SIGNATURE = 'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3';
const BODY = '{"currency":"USDT","amount":"10"}';

const read = (text: string) => {
  const pasted = readPastedRequest(text);
  return (
    pasted && {
      ...pasted.fields,
      body: pasted.body && Buffer.from(pasted.body).toString('latin1'),
      note: pasted.note,
    }
  );
};

const EXPECTED = {
  method: 'POST',
  target: '/v1/withdrawals?_=%2f',
  'key-id': 'ck_demo_full',
  timestamp: '1747444800',
  signature: SIGNATURE,
  host: 'api.example.com',
  body: BODY,
  note: undefined,
};

const SIGNED = [
  { name: 'x-cpg-key', value: 'ck_demo_full' },
  { name: 'x-cpg-timestamp', value: '1747444800' },
  { name: 'x-cpg-signature', value: SIGNATURE },
];

const entry = (request: object, more: object = {}) => ({
  startedDateTime: '2025-05-17T01:20:00.000Z',
  time: 12.5,
  request: { cookies: [], queryString: [], headersSize: -1, bodySize: 33, ...request },
  response: {
    status: 401,
    statusText: '',
    httpVersion: 'http/2.0',
    headers: [],
    cookies: [],
    content: { size: 47, mimeType: 'application/json' },
    redirectURL: '',
    headersSize: -1,
    bodySize: -1,
  },
  cache: {},
  timings: { send: 0.1, wait: 11, receive: 1.4 },
  ...more,
});

/** As DevTools of Chromium exports it: pseudo-headers of HTTP/2, names in lower case, the preflight beside it. */
const chromium = (...requests: readonly object[]) => ({
  log: {
    version: '1.2',
    creator: { name: 'WebInspector', version: '537.36' },
    pages: [],
    entries: [
      entry(
        { method: 'GET', url: 'https://api.example.com/docs/', httpVersion: 'http/2.0', headers: [] },
        { _resourceType: 'document' },
      ),
      entry(
        {
          method: 'OPTIONS',
          url: 'https://api.example.com/v1/withdrawals?_=%2f',
          httpVersion: 'http/2.0',
          headers: [
            { name: 'access-control-request-headers', value: 'x-cpg-key,x-cpg-signature,x-cpg-timestamp' },
          ],
        },
        { _resourceType: 'preflight' },
      ),
      ...requests.map((request) => entry(request, { _resourceType: 'fetch', _priority: 'High' })),
    ],
  },
});

const CHROMIUM_REQUEST = {
  method: 'POST',
  url: 'https://api.example.com/v1/withdrawals?_=%2f',
  httpVersion: 'http/2.0',
  headers: [
    { name: ':authority', value: 'api.example.com' },
    { name: ':method', value: 'POST' },
    { name: ':path', value: '/v1/withdrawals?_=%2f' },
    { name: ':scheme', value: 'https' },
    { name: 'content-length', value: '33' },
    { name: 'content-type', value: 'application/json' },
    ...SIGNED,
  ],
  postData: { mimeType: 'application/json', text: BODY },
};

/** As the network panel of Firefox exports it: names as they were written, `params` beside the text. */
const FIREFOX = {
  log: {
    version: '1.2',
    creator: { name: 'Firefox', version: '140.0' },
    browser: { name: 'Firefox', version: '140.0' },
    pages: [
      {
        id: 'page_1',
        pageTimings: { onContentLoad: 1, onLoad: 2 },
        startedDateTime: '2025-05-17T03:20:00.000+02:00',
        title: 'shop',
      },
    ],
    entries: [
      entry(
        {
          method: 'POST',
          url: 'https://api.example.com/v1/withdrawals?_=%2f',
          httpVersion: 'HTTP/1.1',
          headers: [
            { name: 'Host', value: 'api.example.com' },
            { name: 'Content-Length', value: '33' },
            ...SIGNED.map(({ name, value }) => ({
              name: name.replace(/(^|-)(cpg|[a-z])/g, (part) => part.toUpperCase()),
              value,
            })),
          ],
          postData: { mimeType: 'application/json', params: [], text: BODY },
        },
        { pageref: 'page_1', connection: '443', serverIPAddress: '203.0.113.7' },
      ),
    ],
  },
};

describe('a HAR file', () => {
  it.each([
    ['Chromium', chromium(CHROMIUM_REQUEST)],
    ['Firefox', FIREFOX],
  ])('of %s gives every field', (_browser, har) => {
    expect(read(JSON.stringify(har, null, 2))).toEqual(EXPECTED);
    expect(read(`\uFEFF${JSON.stringify(har)}\r\n`)).toEqual(EXPECTED);
  });

  it('with several signed requests gives the last one, and says so', () => {
    const first = { ...CHROMIUM_REQUEST, url: 'https://api.example.com/v1/first' };
    const headers = CHROMIUM_REQUEST.headers.filter(
      ({ name }) => !name.startsWith(':') && name !== 'content-length',
    );
    const last = { method: 'GET', url: 'https://api.example.com/v1/balances?currency=USDT#top', headers };
    expect(read(JSON.stringify(chromium(first, last)))).toMatchObject({
      method: 'GET',
      target: '/v1/balances?currency=USDT',
      body: '',
      note: 'This is the last of 2 signed requests.',
    });
  });

  it('keeps the bytes of a body in base64, and line ends of Windows', () => {
    const withBody = (postData: object, length: string) =>
      JSON.stringify(
        chromium({
          ...CHROMIUM_REQUEST,
          headers: CHROMIUM_REQUEST.headers.map((each) =>
            each.name === 'content-length' ? { ...each, value: length } : each,
          ),
          postData,
        }),
      );
    const bytes = { mimeType: 'application/octet-stream', text: '/wD+DQo=', encoding: 'base64' };
    expect(read(withBody(bytes, '5'))?.body).toBe('\xff\x00\xfe\r\n');
    expect(read(withBody({ mimeType: 'text/plain', text: 'a\r\nb' }, '4'))).toMatchObject({
      body: 'a\r\nb',
      note: undefined,
    });
    const form = {
      mimeType: 'application/x-www-form-urlencoded',
      params: [{ name: 'a', value: '1' }, { name: 'b' }],
    };
    expect(read(withBody(form, '6'))?.body).toBe('a=1&b=');
    expect(read(withBody({ mimeType: 'text/plain' }, '7'))?.note).toContain('a body of 7 bytes');
  });

  it('without a signed request is not read, and neither is other JSON', () => {
    expect(read(JSON.stringify(chromium()))).toBeUndefined();
    expect(read('{"log":')).toBeUndefined();
    expect(read(BODY)).toBeUndefined();
  });
});

/** What `curl -v` prints. */
const verbose = (command: string, version = 'HTTP/1.1', length = '33'): string[] => [
  command,
  '* Connected to api.example.com (203.0.113.7) port 443',
  `> POST /v1/withdrawals?_=%2f ${version}`,
  '> Host: api.example.com',
  '> User-Agent: curl/8.14.1',
  ...SIGNED.map(({ name, value }) => `> ${name}: ${value}`),
  `> Content-Length: ${length}`,
  '> ',
  '* upload completely sent off: 33 bytes',
  '< HTTP/1.1 401 Unauthorized',
  '< content-type: application/json',
  '< ',
  '{"success":false,"message":"Invalid signature"}',
];

describe('the output of curl -v', () => {
  it.each([
    ['-d', `$ curl -v -X POST -d '${BODY}' https://api.example.com/v1/withdrawals`],
    [
      '--data-raw, over several lines',
      `curl -v \\\n  --data-raw '${BODY}' \\\n  https://api.example.com/v1/withdrawals`,
    ],
    [
      '--data-binary in double quotes',
      `curl -v --data-binary "${BODY.replaceAll('"', '\\"')}" https://api.example.com`,
    ],
    ['--json', `curl.exe -v --json '${BODY}' https://api.example.com`],
  ])('has the body of %s in the command', (_option, command) => {
    expect(read(verbose(command).join('\n'))).toEqual(EXPECTED);
    expect(read(verbose(command, 'HTTP/2').join('\r\n'))).toEqual(EXPECTED);
  });

  it.each([
    ['a file', 'curl -v -d @order.json https://api.example.com/v1/withdrawals'],
    ['no command', '* Host api.example.com:443 was resolved.'],
  ])('with %s asks for the body', (_what, command) => {
    const pasted = read(verbose(command).join('\n'));
    expect(pasted).toMatchObject({
      ...EXPECTED,
      body: undefined,
      note: expect.stringContaining('a body of 33 bytes'),
    });
  });

  it('says when the body in the command is not the one that was sent', () => {
    expect(read(verbose(`curl -v -d '${BODY}' https://x`, 'HTTP/1.1', '34').join('\n'))?.note).toMatch(
      /^Content-Length is 34, but this body has 33 bytes/,
    );
  });

  it('has an empty body without Content-Length', () => {
    const lines = verbose('curl -v https://x').filter((line) => !line.includes('Content-Length'));
    expect(read(lines.join('\n'))?.body).toBe('');
  });
});

describe('HTTP text', () => {
  const http = (body: string, end = '\r\n'): string =>
    [
      'POST https://api.example.com/v1/withdrawals?_=%2f HTTP/1.1',
      'Host: api.example.com',
      ...SIGNED.map(({ name, value }) => `${name}:${value}`),
      'Content-Length: 33',
      '',
      body,
    ].join(end);

  it('has the body as sent, without the line feed that an editor adds', () => {
    expect(read(http(BODY))).toEqual(EXPECTED);
    expect(read(http(`${BODY}\n`, '\n'))).toEqual(EXPECTED);
    expect(read(`\n${http('short')}`)?.note).toContain('Content-Length is 33, but this body has 5 bytes');
  });

  it('of one line is a request, and any other text is not', () => {
    expect(read('GET /v1/balances')).toMatchObject({ method: 'GET', target: '/v1/balances', body: '' });
    expect(read('hello')).toBeUndefined();
  });
});
