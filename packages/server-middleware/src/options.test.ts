import { createServer } from 'node:http';
import { createSigningKey, endpoints } from '@cpg/protocol';
import { recordingLogger, testKey } from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { ServerMiddlewareError } from './errors.ts';
import * as middleware from './index.ts';
import { formatReceived } from './options.ts';

const keys = middleware.staticKeys([testKey()]);
const store = middleware.memoryStore();
const redis = {
  evalSha: async () => 0,
  eval: async () => 0,
  sendCommand: async () => '',
  multi: () => redis,
};
const REQUEST = {
  method: 'GET',
  target: '/',
  rawHeaders: [],
  clientIp: () => undefined,
  readBody: () => Buffer.alloc(0),
};

// A value of each kind that an option of another kind must reject.
const NUMBERS = [Number.NaN, '600', -1, Number.POSITIVE_INFINITY, 1.5, null, {}, 10n, true];
const POSITIVE = [...NUMBERS, 0];
const TIMERS = [...POSITIVE, 2_147_483_648];
const FUNCTIONS = [1, 'x', {}, null, true];
const BOOLEANS = [0, 'yes', null, {}];
const LOGGERS = ['x', null, {}, { error: () => {} }, { warn: () => {} }, 1];
const LISTS = ['x', 1, null, {}];

interface Factory {
  /** Calls it with these options, and otherwise good arguments. */
  readonly call: (options: object) => unknown;
  /** Options without which it cannot be called. */
  readonly required?: object;
  /** Every option, with a value that it takes and values that it must reject. */
  readonly options: Readonly<Record<string, readonly [good: unknown, bad: readonly unknown[]]>>;
}

const AUTHENTICATE_OPTIONS: Factory['options'] = {
  keys: [keys, [undefined, null, {}, 'x', []]],
  store: [store, [undefined, null, {}, 'x', 1]],
  clock: [() => 0, FUNCTIONS],
  bodyLimit: [1, POSITIVE],
  bodyTimeoutMs: [1, TIMERS],
  maxPendingBytes: [1, POSITIVE],
  storeTimeoutMs: [1, TIMERS],
  trace: [() => {}, FUNCTIONS],
  explain: [true, BOOLEANS],
  logger: [recordingLogger(), LOGGERS],
};
const KEY_RECORD: Factory['options'] = {
  keyId: ['ck_1', ['', 'a b', 1, null, undefined]],
  signingKeys: [[createSigningKey('s')], [[], ['secret'], [{}], 'x', null, undefined, [1, 2, 3]]],
  permissions: [
    ['withdraw', 'read_invoices', 'a:b'],
    ['withdraw', ['withdrw'], ['two words'], [1], null, undefined],
  ],
  sourceIps: [['10.0.0.0/8'], LISTS],
  rateLimitPerMinute: [0, [...NUMBERS, undefined]],
  bodyLimit: [0, NUMBERS],
  accountId: ['a', [1, null, undefined, {}]],
  revoked: [true, BOOLEANS],
};

const FACTORIES: Readonly<Record<string, Factory>> = {
  authenticate: {
    call: (options) => middleware.authenticate(REQUEST, options as never),
    required: { keys, store },
    options: AUTHENTICATE_OPTIONS,
  },
  cpgAuth: {
    call: (options) => middleware.cpgAuth(options as never),
    required: { keys, store },
    options: {
      ...AUTHENTICATE_OPTIONS,
      json: [false, BOOLEANS],
      routes: [
        [{ method: 'GET', path: '/x' }, { endpoint: endpoints.ping }],
        [null, {}, 'x', [1], [{}], [{ method: 'GET' }], [{ endpoint: {} }]],
      ],
      basePath: ['/api', [null, 1, '', '/', 'api', '/api/']],
      originalTarget: [() => '/', FUNCTIONS],
      skip: [() => true, FUNCTIONS],
    },
  },
  memoryStore: {
    call: middleware.memoryStore,
    options: { maxEntries: [1, POSITIVE], clock: [() => 0, FUNCTIONS] },
  },
  redisStore: {
    call: (options) => middleware.redisStore(redis, options),
    options: {
      deadlineMs: [1, TIMERS],
      maxPending: [1, POSITIVE],
      prefix: ['p:', [1, null, 'a{', {}]],
      clock: [() => 0, FUNCTIONS],
      waitReplicas: [1, NUMBERS],
      requireDurable: [true, BOOLEANS],
      logger: [recordingLogger(), LOGGERS],
    },
  },
  inspectRedis: {
    call: (options) => middleware.inspectRedis(redis, options),
    options: { clock: [() => 0, FUNCTIONS], waitReplicas: [1, NUMBERS] },
  },
  cachedKeys: {
    call: (options) => middleware.cachedKeys(keys, options),
    options: {
      ttlMs: [0, NUMBERS],
      missTtlMs: [0, NUMBERS],
      deadlineMs: [1, TIMERS],
      maxEntries: [1, POSITIVE],
      maxPending: [1, POSITIVE],
      clock: [() => 0, FUNCTIONS],
    },
  },
  staticKeys: {
    call: (record) => middleware.staticKeys([record as never]),
    required: testKey(),
    options: KEY_RECORD,
  },
  ipBackstop: {
    call: middleware.ipBackstop,
    options: {
      limitPerMinute: [1, POSITIVE],
      store: [
        {
          increment: () => ({ totalHits: 1, resetTime: undefined }),
          decrement: () => {},
          resetKey: () => {},
        },
        [{}, null, 'redis', { increment: () => {} }],
      ],
      storeTimeoutMs: [1, TIMERS],
      logger: [recordingLogger(), LOGGERS],
    },
  },
  routes: {
    call: (options) => middleware.routes([], options),
    options: { logger: [recordingLogger(), LOGGERS] },
  },
  drainUnreadBodies: {
    call: (options) => middleware.drainUnreadBodies(createServer(), options),
    options: { maxBytes: [1, POSITIVE], maxMs: [1, TIMERS], maxIdleMs: [1, TIMERS] },
  },
  observeResponses: {
    call: middleware.observeResponses,
    options: { requestId: [() => 'x', FUNCTIONS], logger: [recordingLogger(), LOGGERS] },
  },
  errorHandler: { call: middleware.errorHandler, options: { logger: [recordingLogger(), LOGGERS] } },
  doctor: {
    call: (options) => middleware.doctor(express(), options as never),
    required: { keyId: 'ck_1', secret: 's', print: () => {} },
    options: {
      keyId: ['ck_1', ['', 'a b', 1, null, undefined]],
      secret: ['s', ['', 1, null, undefined, {}]],
      target: ['/v1/_ping', ['v1', '', 1, null]],
      timeoutMs: [1_000, TIMERS],
      deadlineMs: [1_000, TIMERS],
      store: [{ inspect: async () => [] }, [null, {}, 1, 'x']],
      print: [() => {}, FUNCTIONS],
    },
  },
};

/** Arguments that are no options object. */
const ARGUMENTS: readonly (readonly [
  name: string,
  call: (value: never) => unknown,
  bad: readonly unknown[],
])[] = [
  ['staticKeys: keys', (value) => middleware.staticKeys(value), [undefined, null, {}, 'x']],
  ['cachedKeys: keyStore', (value) => middleware.cachedKeys(value), [undefined, null, {}, 'x']],
  ['redisStore', (value) => middleware.redisStore(value), [undefined, null, {}, 'x']],
  ['routes: list', (value) => middleware.routes(value), [undefined, null, {}, [null], [{}], [() => {}]]],
  [
    'route: endpoint',
    (value) => middleware.route(value, () => ({}) as never),
    [undefined, null, {}, '/v1', 1],
  ],
  ['route: handler', (value) => middleware.route(endpoints.ping, value), [undefined, null, {}, 'x']],
  [
    'requirePermission: permission',
    (value) => middleware.requirePermission(value),
    [undefined, null, 'withdrw', 'two words', []],
  ],
  [
    'drainUnreadBodies: server',
    (value) => middleware.drainUnreadBodies(value),
    [undefined, null, {}, 'x', express()],
  ],
  [
    'doctor: app',
    (value) => middleware.doctor(value, { keyId: 'k', secret: 's' }),
    [undefined, null, {}, 17],
  ],
];

// What takes no options: values for one response or one message, which the caller's types describe.
const WITHOUT_OPTIONS = [
  'RejectionError',
  'ServerMiddlewareError',
  'captureRawBody',
  // Takes those of `routes`, and names them so.
  'createRouter',
  'formatRejection',
  'formatSuccess',
  'getPrincipal',
  'page',
  'parseJsonBody',
  'readBody',
  'getRejection',
  'requirePermission',
  'route',
  'sendRejection',
  'sendResponse',
  'sendSuccess',
  'recordResponse',
  'startRecording',
];

/** What a call throws or rejects with. */
const getError = async (call: () => unknown): Promise<unknown> => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
};

const expectInvalid = async (call: () => unknown, text: string) => {
  const error = await getError(call);
  expect(error).toBeInstanceOf(ServerMiddlewareError);
  expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining(text) });
  return error as ServerMiddlewareError;
};

describe('options', () => {
  it('has a row for every function that the package exports', () => {
    const exported = Object.entries(middleware).filter(([, value]) => typeof value === 'function');
    const names = exported.map(([name]) => name).sort();
    expect(names).toEqual([...Object.keys(FACTORIES), ...WITHOUT_OPTIONS].sort());
  });

  describe.each(Object.entries(FACTORIES))('of %s', (name, { call, required = {}, options }) => {
    it.each(Object.entries(options))('takes a good %s, rejects every other', async (option, [good, bad]) => {
      expect(await getError(() => call({ ...required, [option]: good }))).toBeUndefined();
      for (const value of bad) {
        const error = await expectInvalid(() => call({ ...required, [option]: value }), `: ${option} must `);
        expect(error.message.startsWith(name)).toBe(true);
        if (option !== 'secret') expect(error.message).toContain(`: got ${formatReceived(value)}.`);
      }
    });

    it('takes what is left out', async () => {
      const optional = Object.entries(options).filter(([, [, bad]]) => !bad.includes(undefined));
      const leftOut = Object.fromEntries(optional.map(([option]) => [option, undefined]));
      expect(await getError(() => call({ ...leftOut, ...required }))).toBeUndefined();
    });

    it('rejects a name that is no option, and names the nearest', async () => {
      for (const option of Object.keys(options)) {
        const misspelt = `${option}s`;
        await expectInvalid(
          () => call({ ...required, [misspelt]: 1 }),
          `there is no option "${misspelt}". Did you mean "${option}"?`,
        );
      }
    });

    it('rejects options that are no object', async () => {
      for (const value of [null, 'x', 1, [], () => {}]) {
        await expectInvalid(
          () => call(value as never),
          `options must be an object: got ${formatReceived(value)}.`,
        );
      }
    });
  });

  it.each(ARGUMENTS)('rejects any other %s', async (name, call, bad) => {
    for (const value of bad) await expectInvalid(() => call(value as never), name);
  });

  it('shows no secret, and long texts by their length', async () => {
    const call = () => middleware.doctor(express(), { keyId: 'k', secret: 17 as never });
    expect((await expectInvalid(call, 'got "number".')).message).not.toContain('17');
    const long = () => middleware.memoryStore({ maxEntries: 'x'.repeat(61) as never });
    await expectInvalid(long, 'got a string of 61 characters.');
  });
});
