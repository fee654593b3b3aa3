import { getHeaderValues } from '../../wire/http-message.ts';
import {
  type Call,
  type ClientCase,
  type ClientUnderTest,
  clientCases,
  type Scene,
} from '../client-under-test.ts';
import { expectData, expectError } from '../expect-result.ts';
import { success, WITHDRAWAL_ARGS } from '../replies.ts';

/** Makes one successful call, checks its signature, and passes the only request on. */
const one = async (
  client: ClientUnderTest,
  { label, secret, ...call }: Call & { label: string; secret?: string },
  look: (request: ReturnType<Scene['captured']>[number]) => void = () => undefined,
): Promise<void> =>
  client.play(
    { label, respond: () => success(call.operation), ...(secret === undefined ? {} : { secret }) },
    async (scene) => {
      const response = await scene.call(call);
      scene.expectAllSigned();
      client.check.equal('requests', { expected: 1, actual: scene.captured().length });
      expectData(client, response, call.operation);
      const [request] = scene.captured();
      if (request !== undefined) look(request);
    },
  );

const AWKWARD: Readonly<Record<string, string>> = {
  space: 'a b',
  plus: 'a+b',
  percent: '100%',
  'percent-escape': 'a%2Fb%20c',
  ampersand: 'a&b=c',
  'equals-sign': 'a=b',
  'question-mark': 'a?b',
  hash: 'a#b',
  slash: 'a/b',
  backslash: 'a\\b',
  quote: "it's",
  'double-quote': 'say "x"',
  brackets: '[a]{b}<c>',
  'pipe-caret-grave': 'a|b^c`d',
  'sub-delimiters': "!$'()*,;:@",
  tilde: '~a-b_c.d',
  dots: '../../x',
  'outer-spaces': ' usdt ',
  accent: 'café',
  unicode: 'é ü ☃',
  'beyond-bmp': '🂡',
  decomposed: 'e\u0301',
  'line-feed': 'a\nb',
  crlf: 'a\r\nb',
  tab: 'a\tb',
  'lower-case': 'usdt',
  'prototype-name': '__proto__',
};

const throughQuery = ([id, value]: [string, string]) => ({
  id: `query-${id}`,
  description: `a filter of ${JSON.stringify(value)}: signed as sent, and decoded to the same text`,
  run: (client: ClientUnderTest) => {
    const args = { currency: value, network: 'ETH' };
    return one(client, { label: `query-${id}`, operation: 'balances.list', args }, ({ query }) => {
      const parameters = new URLSearchParams(query);
      client.check.equal('currency, decoded', {
        expected: value,
        actual: parameters.get('currency') ?? '(none)',
      });
      client.check.equal('network, decoded', {
        expected: 'ETH',
        actual: parameters.get('network') ?? '(none)',
      });
    });
  },
});

const parseBody = (body: Buffer): { readonly client_reference?: unknown } | undefined => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
};

const throughBody = ([id, value]: [string, string]) => ({
  id: `body-${id}`,
  description: `a body with ${JSON.stringify(value)} in it: the hash is over the bytes that are sent`,
  run: (client: ClientUnderTest) => {
    const args = { ...WITHDRAWAL_ARGS, client_reference: value };
    return one(client, { label: `body-${id}`, operation: 'withdrawals.create', args }, ({ body }) => {
      const sent = parseBody(body);
      client.check.equal('client_reference', {
        expected: value,
        actual: String(sent?.client_reference ?? `(not JSON) ${body.toString('latin1')}`),
      });
    });
  },
});

const SECRETS: Readonly<Record<string, string>> = {
  'outer-spaces': '  run secret with outer spaces ',
  hexadecimal: 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90',
  base64: 'cnVuLXNlY3JldC10aGF0LWxvb2tzLWxpa2UtYmFzZTY0IQ==',
  '63-bytes': 's'.repeat(63),
  '64-bytes': 's'.repeat(64),
  '65-bytes': 's'.repeat(65),
  '131-bytes': 's'.repeat(131),
  unicode: 'run-secret-é☃🂡-unicode',
};

const withSecret = ([id, secret]: [string, string]) => ({
  id: `secret-${id}`,
  description: `a secret of the shape "${id}" is used as its UTF-8 bytes`,
  run: (client: ClientUnderTest) => one(client, { label: `secret-${id}`, operation: 'ping', secret }),
});

/** Not trimmed in silence. A client may reject such a secret, which was probably read from a file. */
const secretWithLineFeed = {
  id: 'secret-trailing-line-feed',
  description:
    'a secret that ends with a line feed is used as its bytes, or rejected before anything is sent',
  run: (client: ClientUnderTest) =>
    client.play(
      { label: 'secret-line-feed', respond: () => success('ping'), secret: 'run-secret-with-line-feed\n' },
      async (scene) => {
        const response = await scene.call({ operation: 'ping' });
        if (response.ok) return scene.expectAllSigned();
        client.check.equal('requests', { expected: 0, actual: scene.captured().length });
        expectError(client, response);
      },
    ),
};

const plain = (id: string, line: { method: string; path: string }, call: Call) => ({
  id: `call-${id}`,
  description: `${call.operation} is ${line.method} ${line.path}, signed as sent`,
  run: (client: ClientUnderTest) =>
    one(client, { label: `call-${id}`, ...call }, ({ method, path, body, message }) => {
      client.check.equal('method', { expected: line.method, actual: method });
      client.check.equal('path', { expected: line.path, actual: path });
      if (line.method === 'GET') {
        client.check.equal('bytes of body', { expected: 0, actual: body.length });
        return;
      }
      client.check.equal('Content-Type', {
        expected: 'application/json',
        actual: getHeaderValues(message, 'content-type').join().split(';')[0]?.trim().toLowerCase(),
      });
    }),
});

/** The request that is sent, and its signature. */
export const REQUEST_CASES: readonly ClientCase[] = [
  ...clientCases({ group: 'call', spec: '§1, §6.1' }, [
    plain('ping', { method: 'GET', path: '/v1/_ping' }, { operation: 'ping' }),
    plain('balances', { method: 'GET', path: '/v1/balances' }, { operation: 'balances.list' }),
    plain(
      'balances-filtered',
      { method: 'GET', path: '/v1/balances' },
      { operation: 'balances.list', args: { currency: 'USDT', network: 'ETH' } },
    ),
    plain(
      'balances-network-first',
      { method: 'GET', path: '/v1/balances' },
      { operation: 'balances.list', args: { network: 'ETH', currency: 'USDT' } },
    ),
    {
      id: 'call-transactions',
      description:
        'transactions.list is GET /v1/transactions with its three filters, in any order, signed as sent',
      needs: ['transactions'],
      run: (client) => {
        const args = { status: 'confirmed', limit: 2, currency: 'USDT' };
        const call: Call = { operation: 'transactions.list', args };
        return one(client, { label: 'call-transactions', ...call }, ({ path, query }) => {
          client.check.equal('path', { expected: '/v1/transactions', actual: path });
          client.check.equal('filters, sorted', {
            expected: 'currency=USDT&limit=2&status=confirmed',
            actual: query.split('&').toSorted().join('&'),
          });
        });
      },
    },
    plain(
      'withdrawal-get',
      { method: 'GET', path: '/v1/withdrawals/41' },
      { operation: 'withdrawals.get', args: { withdrawal_id: 41 } },
    ),
    plain(
      'withdrawal-get-large-id',
      { method: 'GET', path: '/v1/withdrawals/9007199254740991' },
      { operation: 'withdrawals.get', args: { withdrawal_id: Number.MAX_SAFE_INTEGER } },
    ),
    plain(
      'withdrawal-create',
      { method: 'POST', path: '/v1/withdrawals' },
      { operation: 'withdrawals.create', args: WITHDRAWAL_ARGS },
    ),
  ]),
  ...clientCases({ group: 'query', spec: '§1.2, §6.1' }, Object.entries(AWKWARD).map(throughQuery)),
  ...clientCases({ group: 'body', spec: '§1.2, §6.1' }, Object.entries(AWKWARD).map(throughBody)),
  ...clientCases({ group: 'secret', spec: '§1.2' }, [
    ...Object.entries(SECRETS).map(withSecret),
    secretWithLineFeed,
  ]),
];

const PREFIX = '/v1/withdrawals/';

const AWKWARD_IDS: Readonly<Record<string, string>> = {
  empty: '',
  'dot-dot': '..',
  'parent-route': '../balances',
  slash: '41/confirm',
  'encoded-slash': '41%2Fconfirm',
  'question-mark': '41?limit=1',
  hash: '41#part',
  backslash: '41\\42',
  space: '41 ',
  'line-feed': '41\nX-Header: 1',
  semicolon: '41;v=1',
  unicode: '４１',
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '(not UTF-8)';
  }
};

/** The last request is signed as sent, and has this id as one segment of its path. */
const expectOneSegment = ({ check }: ClientUnderTest, scene: Scene, id: string): void => {
  scene.expectAllSigned();
  const { path = '', query = '' } = scene.captured().at(-1) ?? {};
  const segment = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '/';
  check.that(!/^(?:|\.\.?)$|\//.test(segment), {
    what: 'path',
    expected: `${PREFIX} and one segment`,
    actual: path,
  });
  check.equal('id, decoded', { expected: id, actual: decoded(segment) });
  check.equal('query', { expected: '', actual: query });
};

/** Ids that would lead to another route if they were put into the path unencoded. */
export const PATH_CASES = clientCases(
  { group: 'path', spec: '§1.2, §4', needs: ['text-ids', 'errors'] },
  Object.entries(AWKWARD_IDS).map(([id, text]) => ({
    id: `path-${id}`,
    description: `an id of ${JSON.stringify(text)}: rejected before sending, or one segment of the path, signed as sent`,
    run: (client: ClientUnderTest) =>
      client.play({ label: `path-${id}`, respond: () => success('withdrawals.get') }, async (scene) => {
        const known = await scene.call({ operation: 'withdrawals.get', args: { withdrawal_id: '41' } });
        expectOneSegment(client, scene, '41');
        expectData(client, known, 'withdrawals.get');
        client.check.equal('requests for an id of 41', { expected: 1, actual: scene.captured().length });
        const result = await scene.call({ operation: 'withdrawals.get', args: { withdrawal_id: text } });
        if (scene.captured().length > 1 || scene.server.problems.length > 0) {
          expectOneSegment(client, scene, text);
          return;
        }
        client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
      }),
  })),
);
