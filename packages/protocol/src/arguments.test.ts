import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { assertBytes } from './arguments.ts';
import * as explain from './explain/index.ts';
import * as protocol from './index.ts';
import { ProtocolError } from './protocol-error.ts';
import * as vectors from './vectors/index.ts';

const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
const SIGNATURE = 'a4d11e84ed3d2bcccb495e87b21da257e0eca8cf474fbca45fbca6f38962d7c3';
const NOW = 1747444800;
const fail = (): never => {
  throw new TypeError(`thrown by the caller's object: ${SECRET}`);
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
};

const WRONG = {
  undefined: undefined,
  null: null,
  number: 7.5,
  NaN: Number.NaN,
  boolean: true,
  string: SECRET,
  array: [SECRET],
  object: { secret: SECRET },
  'object whose methods throw': { toString: fail, toJSON: fail, valueOf: fail, [Symbol.toPrimitive]: fail },
  function: () => SECRET,
  symbol: Symbol(SECRET),
  bigint: 7n,
  'proxy that throws': new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
  'proxy of an array that throws': new Proxy([], {
    get: fail,
    has: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
  }),
  'revoked proxy': revoked(),
  'prototype of bytes': Object.create(Uint8Array.prototype),
  'other bytes': new Uint16Array(2),
  'object of another realm': runInNewContext('({})'),
  'array of another realm': runInNewContext('[{}]'),
} as const satisfies Record<string, unknown>;
type Kind = keyof typeof WRONG;
const KINDS = Object.keys(WRONG) as Kind[];
const ANYTHING = KINDS;

interface Row {
  /** A call that succeeds. */
  readonly args: readonly unknown[];
  /** The kinds that are right for an argument or field. */
  readonly accepts?: Readonly<Record<string, readonly Kind[]>>;
  /**
   * What the function returns for a value of the wrong type, where it documents a result in place of an
   * error.
   */
  readonly returns?: Readonly<Record<string, unknown>>;
  /** The option objects: an unknown name in them is an error. */
  readonly options?: readonly string[];
}

const key = protocol.createSigningKey(SECRET);
const body = Buffer.from('{}');
const webhook = protocol.signWebhook({ key, body, timestamp: NOW });
const request = {
  method: 'GET',
  target: '/v1/balances',
  timestamp: String(NOW),
  body,
  keyId: 'k',
  host: 'h',
};
const headers = [
  ['X-CPG-Key', 'ck_example'],
  ['X-CPG-Timestamp', String(NOW)],
  ['X-CPG-Signature', SIGNATURE],
];
const rejected = expect.objectContaining({ code: 'malformed_request_target' });
const outsideWindow = expect.objectContaining({ code: 'timestamp_outside_window' });
const invalid = expect.objectContaining({ code: 'validation_failed' });

const NOT_READ = ['name', 'summary', 'method', 'path', 'permission', 'rejections', 'response'];

const ROWS: Readonly<Record<string, Row>> = {
  ProtocolError: {
    args: ['invalid_body', 'A message.', { cause: 1 }],
    accepts: {
      1: ['string'],
      2: KINDS.filter((kind) => !/throws|revoked|^(number|boolean|string|symbol|bigint)$/.test(kind)),
      '2.cause': ANYTHING,
    },
  },
  'ProtocolError.is': { args: [new ProtocolError('invalid_body', '')], returns: { 0: false } },
  bodySha256: { args: [body] },
  canonicalString: {
    args: [{ timestamp: String(NOW), method: 'GET', path: '/', query: '', bodySha256: '' }],
    accepts: {
      '0.timestamp': ['string'],
      '0.method': ['string'],
      '0.path': ['string'],
      '0.query': ['string'],
      '0.bodySha256': ['string'],
    },
  },
  checkContentEncoding: { args: ['identity'], accepts: { 0: ['string'] } },
  checkSignature: {
    args: [
      { timestamp: String(NOW), method: 'GET', path: '/', query: '', body, signature: SIGNATURE },
      [key, key],
    ],
    accepts: {
      '0.timestamp': ['string'],
      '0.method': ['string'],
      '0.path': ['string'],
      '0.query': ['string'],
      '0.signature': ANYTHING,
    },
  },
  checkTimestamp: { args: [String(NOW), NOW], returns: { 0: outsideWindow } },
  createPathMatcher: { args: ['/v1/x/{id}'], accepts: { 0: ['string'] } },
  createSigningKey: { args: [SECRET], accepts: { 0: ['string'] } },
  defineEndpoint: {
    args: [{ ...protocol.endpoints.createWithdrawal }],
    accepts: {
      '0.name': ['string'],
      '0.summary': ['string'],
      '0.permission': ['null', 'string'],
      '0.body': ['null'],
      '0.rejections': ['undefined'],
    },
    options: ['0'],
  },
  encodeComponent: { args: ['a'], accepts: { 0: ['string'] } },
  encodeQuery: {
    args: [{ currency: 'USDT' }],
    accepts: {
      0: ['object of another realm', 'object'],
      '0.currency': ['undefined', 'null', 'number', 'boolean', 'string', 'bigint'],
    },
  },
  errorEnvelope: { args: ['message'], accepts: { 0: ['string'] } },
  explainMismatch: {
    args: [{ key, signature: SIGNATURE, now: NOW, combinations: false, request }],
    accepts: {
      '0.signature': ['string'],
      '0.now': ['undefined'],
      '0.combinations': ['undefined', 'boolean'],
      '0.request.method': ['string'],
      '0.request.target': ['string'],
      '0.request.timestamp': ['string'],
      '0.request.body': ['undefined', 'null'],
      '0.request.keyId': ['undefined', 'string'],
      '0.request.host': ['undefined', 'string'],
    },
    options: ['0'],
  },
  explainWebhookMismatch: {
    args: [
      {
        key,
        signature: SIGNATURE,
        now: NOW,
        combinations: false,
        webhook: { body, timestamp: '1', target: '/' },
      },
    ],
    accepts: {
      '0.signature': ['string'],
      '0.now': ['undefined'],
      '0.combinations': ['undefined', 'boolean'],
      '0.webhook.timestamp': ['string'],
      '0.webhook.target': ['undefined', 'string'],
    },
    options: ['0'],
  },
  findPermissionMistake: {
    args: ['withdraw'],
    accepts: { 0: ['string'] },
    returns: { 0: 'be a permission: 1 to 128 printable ASCII characters without space, " and \\' },
  },
  formatTimestamp: { args: [NOW] },
  getUnlistedField: {
    args: [{ later: 1 }, 'later'],
    // A proxy throws for it only when it is revoked.
    accepts: {
      0: KINDS.filter((kind) => /^(object|array|proxy|other bytes|prototype)/.test(kind)),
      '0.later': ANYTHING,
      1: ['string'],
    },
  },
  headerValues: {
    args: [headers, 'x-cpg-key'],
    accepts: Object.fromEntries(
      ['0.0.0', '0.0.1', '0.1.0', '0.1.1', '0.2.0', '0.2.1', '1'].map((path) => [path, ['string']]),
    ),
  },
  isDecimalString: { args: ['1'], returns: { 0: false } },
  isKeyId: { args: ['k'], accepts: { 0: ['string'] }, returns: { 0: false } },
  isKnownWebhookEvent: {
    args: [{ id: 1, event: 'deposit.swept', created_at: '', api_version: '1', data: {} }],
    accepts: { '0.id': ANYTHING, '0.created_at': ANYTHING, '0.api_version': ANYTHING, '0.data': ANYTHING },
    returns: { 0: false, '0.event': false },
  },
  isPathTemplate: { args: ['/v1/x/{id}'], accepts: { 0: ['string'] }, returns: { 0: false } },
  isRejection: {
    args: [{ code: 'not_found', status: 404, message: 'Not found' }],
    accepts: { '0.status': ANYTHING, '0.message': ANYTHING },
    returns: { 0: false, '0.code': false },
  },
  isSignature: { args: [SIGNATURE], returns: { 0: false } },
  isWithinWindow: { args: [NOW, NOW] },
  getErrorUrl: { args: ['wire', 'not_found'], accepts: { 0: ['string'], 1: ['string'] } },
  setDocumentationUrl: { args: ['/docs/'], accepts: { 0: ['string'] } },
  missingPermission: { args: ['withdraw'], accepts: { 0: ['string'] } },
  parseRequestTarget: { args: ['/'], returns: { 0: rejected } },
  parseTimestamp: { args: [String(NOW)], returns: { 0: undefined } },
  parseWebhookEvent: { args: [body] },
  formatRequestTarget: {
    args: [{ path: '/', query: '' }],
    accepts: { '0.path': ['string'], '0.query': ['string'] },
  },
  readAuthenticationHeaders: {
    args: [headers],
    accepts: Object.fromEntries(
      ['0.0.0', '0.0.1', '0.1.0', '0.1.1', '0.2.0', '0.2.1'].map((path) => [path, ['string']]),
    ),
  },
  sign: { args: [key, 'x'], accepts: { 1: ['string'] } },
  signRequest: {
    args: [{ keyId: 'k', key, method: 'GET', target: '/', body, timestamp: NOW }],
    accepts: { '0.keyId': ['string'], '0.body': ['undefined', 'null'] },
    options: ['0'],
  },
  signWebhook: { args: [{ key, body, timestamp: NOW }], options: ['0'] },
  successEnvelope: {
    args: [[]],
    accepts: { 0: KINDS.filter((kind) => kind !== 'proxy of an array that throws') },
  },
  toDecimal: { args: ['1'] },
  upperCaseAscii: { args: ['usdt'], accepts: { 0: ['string'] } },
  usedUntil: { args: [NOW] },
  validateRequest: {
    args: [
      { ...protocol.endpoints.createWithdrawal, rejections: undefined },
      {
        pathParameters: {},
        query: '',
        body: { currency: 'A', network: 'B', amount: '1', to_address: 'abcdefghijk' },
      },
    ],
    accepts: {
      ...Object.fromEntries(NOT_READ.map((name) => [`0.${name}`, ANYTHING])),
      '0.body': ['null'],
      '1.query': ['string'],
      // Its schema has no fields, so that none is read.
      '1.pathParameters': [
        'object',
        'object whose methods throw',
        'proxy that throws',
        'prototype of bytes',
        'other bytes',
        'object of another realm',
      ],
      '1.body.amount': ['number'],
      '1.body.to_address': ['string'],
    },
    returns: {
      '1.pathParameters': invalid,
      '1.body': invalid,
      '1.body.currency': invalid,
      '1.body.network': invalid,
      '1.body.amount': invalid,
      '1.body.to_address': invalid,
    },
    options: ['1'],
  },
  validateResponse: {
    args: [
      { ...protocol.endpoints.ping, rejections: undefined },
      { success: true, message: 'OK', data: { pong: true } },
    ],
    accepts: {
      ...Object.fromEntries(
        [...NOT_READ, 'pathParameters', 'query', 'body']
          .filter((name) => name !== 'response')
          .map((name) => [`0.${name}`, ANYTHING]),
      ),
      '1.success': ['boolean'],
      '1.message': ['string'],
      '1.data.pong': ['boolean'],
    },
    returns: Object.fromEntries(
      ['1', '1.success', '1.message', '1.data', '1.data.pong'].map((path) => [
        path,
        expect.objectContaining({ success: false }),
      ]),
    ),
  },
  validationFailed: { args: ['message'], accepts: { 0: ['string'] } },
  verify: { args: [key, 'x', SIGNATURE], accepts: { 1: ['string'] }, returns: { 2: false } },
  verifyRequest: {
    args: [{ method: 'GET', target: '/', headers, body, keys: new Map([['ck_example', key]]), now: NOW }],
    accepts: Object.fromEntries(
      ['0.method', ...['0.0', '0.1', '1.0', '1.1', '2.0', '2.1'].map((path) => `0.headers.${path}`)].map(
        (path) => [path, ['string']],
      ),
    ),
    returns: { '0.target': rejected },
  },
  verifyWebhook: {
    args: [{ key, body, timestamp: webhook.timestamp, signature: webhook.signature, now: NOW }],
    accepts: {
      '0.timestamp': ['undefined', 'null', 'string', 'array'],
      '0.signature': ['undefined', 'null', 'string', 'array'],
    },
  },
  vectorBodyBytes: { args: [{ repeat: { byteHex: '00', count: 1 } }] },
  readVectorFile: { args: ['webhooks'] },
  vectorFileJsonSchema: { args: ['webhooks'] },
};

// Decimal is the class of decimal.js: its errors are that library's.
const NOT_OURS = ['Decimal'];

const call = (name: string, args: readonly unknown[]): unknown => {
  if (name === 'ProtocolError') return Reflect.construct(ProtocolError, args);
  if (name === 'ProtocolError.is') return Reflect.apply(ProtocolError.is, ProtocolError, args);
  return Reflect.apply({ ...protocol, ...explain, ...vectors }[name as 'sign'], undefined, args);
};

const isPlain = (value: unknown): value is object =>
  Array.isArray(value) ||
  (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype);

/** `0`, `1`, `0.timestamp`, …: every argument, and every field of those that are plain objects. */
const pathsOf = (value: object): string[] =>
  Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...(isPlain(inner) ? pathsOf(inner).map((path) => `${name}.${path}`) : []),
  ]);

const replace = (value: unknown, [name, ...rest]: readonly string[], wrong: unknown): unknown => {
  if (name === undefined) return wrong;
  const inner = replace((value as Record<string, unknown>)[name], rest, wrong);
  return Array.isArray(value) ? value.with(Number(name), inner) : { ...(value as object), [name]: inner };
};

const withWrong = (args: readonly unknown[], path: string, wrong: unknown) =>
  replace(args, path.split('.'), wrong) as readonly unknown[];

const attempt = (run: () => unknown): { readonly result: unknown } | { readonly error: unknown } => {
  try {
    return { result: run() };
  } catch (error) {
    return { error };
  }
};

const expectProtocolError = (outcome: ReturnType<typeof attempt>): ProtocolError => {
  const error = 'error' in outcome ? outcome.error : undefined;
  expect(ProtocolError.is(error), `no ProtocolError: ${'error' in outcome ? error : 'it returned'}`).toBe(
    true,
  );
  return error as ProtocolError;
};

describe('the table of calls', () => {
  it('has every function that the package exports', () => {
    const names = Object.entries({ ...protocol, ...explain, ...vectors })
      .filter(([name, value]) => typeof value === 'function' && !NOT_OURS.includes(name))
      .map(([name]) => name);
    expect(
      Object.keys(ROWS)
        .filter((name) => name !== 'ProtocolError.is')
        .toSorted(),
    ).toEqual(names.toSorted());
  });

  it.each(Object.entries(ROWS))('has a call of %s that succeeds', (name, { args }) => {
    expect(() => call(name, args)).not.toThrow();
  });

  it.each(Object.entries(ROWS))(
    'has only paths of %s that exist',
    (_, { args, accepts, returns, options }) => {
      const paths = pathsOf(args);
      const named = [...Object.keys({ ...accepts, ...returns }), ...(options ?? [])];
      expect(named.filter((path) => !paths.includes(path))).toEqual([]);
    },
  );
});

describe.each(Object.entries(ROWS))('%s', (name, { args, accepts = {}, returns = {}, options = [] }) => {
  it.each(pathsOf(args))('accepts or rejects every type of argument %s', (path) => {
    for (const kind of KINDS) {
      const outcome = attempt(() => call(name, withWrong(args, path, WRONG[kind])));
      const isRight = accepts[path]?.includes(kind) === true;
      if (isRight) {
        expect(outcome, `${kind} is right`).not.toHaveProperty('error');
        continue;
      }
      if (path in returns && 'result' in outcome) {
        expect(outcome.result, kind).toEqual(returns[path]);
        continue;
      }
      const { message } = expectProtocolError(outcome);
      if (kind !== 'string') expect(message, kind).not.toContain(SECRET);
    }
  });

  it('rejects a call without arguments', () => {
    const outcome = attempt(() => call(name, []));
    const isAccepted = accepts['0']?.includes('undefined') === true;
    if ('0' in returns) expect(outcome).toEqual({ result: returns['0'] });
    else if (isAccepted) expect(outcome).toHaveProperty('result');
    else expectProtocolError(outcome);
  });

  it.runIf(options.length > 0).each(options)('rejects an unknown option in argument %s', (path) => {
    const options = path
      .split('.')
      .reduce((value, part) => (value as never)[part], args as unknown) as object;
    const error = expectProtocolError(
      attempt(() => call(name, withWrong(args, path, { ...options, boby: 1 }))),
    );
    expect(error.code).toBe('invalid_option');
    expect(error.message).toMatch(/ has an unknown option "boby"\. Known options: \w+(, \w+)*\.$/);
  });
});

describe('messages', () => {
  it('name the field, the expected and the received type', () => {
    const fields = { timestamp: NOW, method: 'GET', path: '/', query: '', bodySha256: '' };
    expect(() => protocol.canonicalString(fields as never)).toThrow(
      expect.objectContaining({ code: 'invalid_field', message: 'timestamp must be a string: got number.' }),
    );
  });

  it('name the unknown option', () => {
    const misspelt = { keyId: 'k', key, method: 'POST', target: '/', boby: body, timestamp: NOW };
    expect(() => protocol.signRequest(misspelt as never)).toThrow(
      'The request to sign has an unknown option "boby". Known options: keyId, key, method, target, body, timestamp.',
    );
  });

  it('carry the error of a getter as their cause, not in their text', () => {
    const error = expectProtocolError(
      attempt(() => protocol.signWebhook(WRONG['proxy that throws'] as never)),
    );
    expect(error.message).toBe(
      'The webhook to sign could not be read: one of its properties throws an error.',
    );
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('show the start of a long text, with invisible characters escaped', () => {
    expect(() => protocol.toDecimal(`1\u202e\u2028…é${'9'.repeat(200)}`)).toThrow(
      `got "1\\u{202e}\\u{2028}…é${'9'.repeat(95)}"… (205 characters).`,
    );
  });
});

describe('a received request or webhook', () => {
  it('may have other fields', () => {
    const more = { ip: '127.0.0.1', cmd: 'verify' };
    const received = {
      method: 'GET',
      target: '/',
      headers,
      body,
      keys: new Map([['ck_example', key]]),
      now: NOW,
    };
    expect(protocol.verifyRequest({ ...received, ...more } as never)).toBe(
      protocol.REJECTIONS.invalid_signature,
    );
    const { timestamp, signature } = webhook;
    expect(protocol.verifyWebhook({ key, body, timestamp, signature, now: NOW, ...more } as never)).toEqual({
      timestamp: NOW,
      body,
    });
  });
});

describe('options', () => {
  it('ignore what a library has put on Object.prototype', () => {
    const inherited = Object.create({ boby: 1 });
    expect(() => protocol.signWebhook(Object.assign(inherited, { key, body, timestamp: NOW }))).not.toThrow();
  });

  it('may be getters of a class', () => {
    class Webhook {
      readonly key = key;
      readonly timestamp = NOW;
      get body() {
        return body;
      }
    }
    expect(protocol.signWebhook(new Webhook()).signature).toBe(webhook.signature);
  });
});

describe('objects of another realm', () => {
  const foreign: Uint8Array = runInNewContext('new Uint8Array([123, 125])');

  it('are bytes like our own', () => {
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    expect(protocol.bodySha256(foreign)).toBe(protocol.bodySha256(body));
    const signing = { keyId: 'k', key, method: 'POST', target: '/', timestamp: NOW };
    const signed = protocol.signRequest({ ...signing, body: foreign });
    expect(signed).toEqual(protocol.signRequest({ ...signing, body }));
    expect(protocol.signWebhook({ key, body: foreign, timestamp: NOW })).toEqual(webhook);
    const { timestamp, signature } = webhook;
    const verified = protocol.verifyWebhook({ key, body: foreign, timestamp, signature, now: NOW });
    expect(verified).toEqual({ timestamp: NOW, body: foreign });
    expect(protocol.parseWebhookEvent(foreign)).toEqual(invalid);
  });

  it('are found by explainMismatch', () => {
    const { signature } = protocol.signRequest({
      keyId: 'k',
      key,
      method: 'POST',
      target: '/',
      timestamp: NOW,
    });
    const received = { ...request, method: 'POST', target: '/', body: foreign };
    const found = explain.explainMismatch({ key, signature, request: received });
    expect(found.map(({ code }) => code)).toEqual(['body_ignored']);
  });
});

describe('assertBytes', () => {
  it.each([new Uint8Array(0), Buffer.from('{}')])('accepts %o', (body) => {
    expect(() => assertBytes(body)).not.toThrow();
  });

  it.each([
    ['a text', '{}', 'string'],
    ['a parsed body', {}, 'object'],
    ['null', null, 'null'],
    ['nothing', undefined, 'undefined'],
    ['an array', [1], 'an array'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'object'],
  ])('rejects %s', (_, body, type) => {
    expect(() => assertBytes(body)).toThrow(
      expect.objectContaining({
        code: 'invalid_body',
        message: `Body must be a Uint8Array of the bytes on the wire: got ${type}. A sender encodes it once with Buffer.from(text, 'utf8'), then signs and sends that buffer; a receiver keeps the raw bytes, e.g. with express.raw().`,
      }),
    );
    expect(() => assertBytes(body)).toThrow(ProtocolError);
  });
});
