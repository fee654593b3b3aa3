import { BALANCE, catchError, SECRET } from '@cpg/test-support/client/fixtures';
import axios from 'axios';
import { afterAll, describe, expect, it } from 'vitest';

import * as api from './index.ts';
import * as testing from './testing/index.ts';

const {
  axiosTransport,
  CpgClient,
  CpgError,
  fetchTransport,
  memoryInbox,
  PagedCall,
  signAxios,
  signFetch,
  sumAvailable,
  webhooks,
} = api;
const { makeSignedRequest, makeWebhook, ScriptedGateway } = testing;
const throwing = (): never => {
  throw new Error('unused');
};

const credentials = { baseUrl: 'http://127.0.0.1:1', keyId: 'ck_test', secret: SECRET };
const client = new CpgClient(credentials);
afterAll(() => client.close());

type Options = Readonly<Record<string, unknown>>;
interface Factory {
  /** Runs the function and ignores its result. */
  readonly run: (options: never) => unknown;
  /** Valid options. */
  readonly good: Options;
  /** Option names by kind; each is tested with values of all other kinds. */
  readonly numbers?: readonly string[];
  readonly others?: readonly string[];
  /** Numbers may be infinite. */
  readonly infinite?: readonly string[];
}

const limits = ['timeoutMs', 'deadlineMs', 'maxRetries'];
const infinite = ['timeoutMs', 'deadlineMs'];
const call = (run: (options: never) => unknown): Factory => ({
  run,
  good: {},
  numbers: limits,
  others: ['signal'],
  infinite,
});
const body = { currency: 'USDT', network: 'ETH' };
const payout = { ...body, to_address: '0x1', amount: '1' };

/** Every public function that takes options, by its name. */
const factories: Readonly<Record<string, Factory>> = {
  CpgClient: {
    run: (options) => new CpgClient(options).close(),
    good: credentials,
    numbers: [...limits, 'rateLimitPerMinute'],
    others: [
      'keyId',
      'secret',
      'baseUrl',
      'time',
      'uniqueReads',
      'httpAgent',
      'httpsAgent',
      'onRequest',
      'onResponse',
      'onNoResponse',
      'onRetry',
      'transport',
      'logger',
      'logLevel',
      'appInfo',
    ],
    infinite,
  },
  'CpgClient.fromEnv': {
    run: (options) => CpgClient.fromEnv(options, {}).close(),
    good: credentials,
    numbers: limits,
    others: ['logLevel'],
    infinite,
  },
  'client.withOptions': {
    run: (options) => client.withOptions(options).close(),
    good: {},
    numbers: limits,
    others: ['uniqueReads', 'onRequest', 'onResponse', 'onNoResponse', 'onRetry', 'logger', 'logLevel'],
    infinite,
  },
  'client.request': call((options) => client.request('GET', '/v1/_ping', options)),
  'client.transactions.list.toArray': {
    run: (options) => new PagedCall(Promise.reject(new Error('unused')), throwing).toArray(options),
    good: { limit: 1 },
    numbers: ['limit'],
  },
  'client.ping': call((options) => client.ping(options)),
  'client.balances.list': call((options) => client.balances.list({}, options)),
  'client.currencies.list': call((options) => client.currencies.list(options)),
  'client.depositAddresses.create': call((options) => client.depositAddresses.create(body, options)),
  'client.depositRequests.get': call((options) => client.depositRequests.get(1, options)),
  'client.hotWallet.get': call((options) => client.hotWallet.get({ network: 'ETH' }, options)),
  'client.transactions.list': call((options) => client.transactions.list({}, options)),
  'client.withdrawals.create': call((options) => client.withdrawals.create(payout, options)),
  'client.withdrawals.get': call((options) => client.withdrawals.get(1, options)),
  'client.depositRequests.waitForDeposit': {
    run: (options) => client.depositRequests.waitForDeposit(1, options),
    good: {},
    numbers: ['deadlineMs'],
    others: ['signal', 'until'],
    infinite,
  },
  'client.withdrawals.waitUntilFinal': {
    run: (options) => client.withdrawals.waitUntilFinal(1, options),
    good: {},
    numbers: ['deadlineMs'],
    others: ['signal'],
    infinite,
  },
  axiosTransport: {
    run: (options) => axiosTransport(options),
    good: {},
    others: ['httpAgent', 'httpsAgent'],
  },
  fetchTransport: {
    run: (options) => fetchTransport(options),
    good: {},
    others: ['fetch', 'dispatcher'],
  },
  signAxios: {
    run: (options) => signAxios(axios.create(), options),
    good: credentials,
    others: ['keyId', 'secret', 'baseUrl', 'time', 'uniqueReads'],
  },
  signFetch: {
    run: (options) => signFetch(fetch, options),
    good: credentials,
    others: ['keyId', 'secret', 'baseUrl', 'time', 'uniqueReads'],
  },
  memoryInbox: { run: (options) => memoryInbox(options), good: {}, numbers: ['capacity'] },
  sumAvailable: {
    run: (options) => sumAvailable([BALANCE], options),
    good: { currency: 'USDT' },
    others: ['currency', 'network'],
  },
  'webhooks.receiver': {
    run: (options) => webhooks.receiver(options),
    good: { secret: SECRET, onEvent: () => undefined },
    numbers: ['maxBodyBytes'],
    others: ['secret', 'onEvent', 'inbox', 'now'],
  },
  'webhooks.verify': {
    run: (options) => webhooks.verify(options),
    good: { secret: SECRET, ...makeWebhook({ secret: SECRET, event: 'deposit.confirmed' }) },
    numbers: ['now'],
    others: ['secret', 'body'],
  },
  makeSignedRequest: {
    run: (options) => makeSignedRequest(options),
    good: { keyId: 'ck_test', secret: SECRET, method: 'GET', target: '/v1/x' },
    numbers: ['now'],
    others: ['keyId', 'secret', 'method', 'target'],
  },
  makeWebhook: {
    run: (options) => makeWebhook(options),
    good: { secret: SECRET, event: 'deposit.confirmed' },
    numbers: ['now', 'id'],
    others: ['secret', 'event'],
  },
  'ScriptedGateway.start': {
    run: async (options) => await (await ScriptedGateway.start(options)).stop(),
    good: {},
    others: ['keyId', 'secret', 'now'],
  },
};

const NO_NUMBERS: [string, unknown][] = [
  ['NaN', Number.NaN],
  ['-1', -1],
  ['a string', '5'],
  ['null', null],
  ['true', true],
  ['an array', [1]],
  ['an object (Object)', { valueOf: () => 1 }],
];
const NOTHING_USABLE: [string, unknown][] = [
  ['7', 7],
  ['true', true],
  ['null', null],
  ['an array', [{}]],
  ['an object (Object)', {}],
];

/** The error that a function throws or rejects with. */
const failure = (run: () => unknown): Promise<unknown> => catchError(Promise.resolve().then(run));
const message = (error: unknown): string => (error as Error).message;

describe.each(Object.entries(factories))(
  '%s',
  (name, { run, good, numbers = [], others = [], infinite: endless = [] }) => {
    const tryWith = async (change: Options) => {
      const error = await failure(() => run({ ...good, ...change } as never));
      expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_configuration' });
      expect(message(error)).not.toContain(SECRET);
      return message(error);
    };

    it.each(numbers.flatMap((option) => NO_NUMBERS.map(([got, value]) => [option, got, value] as const)))(
      'rejects %s of %s',
      async (option, got, value) => {
        const text = await tryWith({ [option]: value });
        expect(text).toMatch(new RegExp(`(^|: )${option} must be .+: got `));
        expect(text.endsWith(`: got ${got}.`)).toBe(true);
      },
    );

    it.each(numbers.filter((option) => !endless.includes(option)))(
      'rejects %s of Infinity',
      async (option) => {
        expect(await tryWith({ [option]: Number.POSITIVE_INFINITY })).toContain(': got Infinity.');
      },
    );

    it.each(others.flatMap((option) => NOTHING_USABLE.map(([got, value]) => [option, got, value] as const)))(
      'rejects %s of %s',
      async (option, _got, value) => {
        expect((await tryWith({ [option]: value })).toLowerCase()).toContain(option.toLowerCase());
      },
    );

    it('suggests the most similar option for an unknown name', async () => {
      const [known = ''] = [...numbers, ...others];
      const misspelt = `${known}s`;
      expect(await tryWith({ [misspelt]: 1 })).toContain(
        `there is no option "${misspelt}". Did you mean ${known}?`,
      );
      expect(await tryWith({ completelyDifferent: 1 })).toContain(`The options are `);
    });

    it.each([null, 7, 'text', [], () => undefined])('rejects %j in place of its options', async (value) => {
      const error = await failure(() => run(value as never));
      expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_configuration' });
      expect(message(error)).toMatch(
        /options must be an object: got (null|7|a string|an array|a function)\.$/,
      );
    });

    // A call would connect.
    if (!name.startsWith('client.'))
      it('treats undefined as an omitted option', () => {
        const left = Object.fromEntries(
          [...numbers, ...others].filter((option) => !(option in good)).map((option) => [option, undefined]),
        );
        expect(() => run({ ...good, ...left } as never)).not.toThrow();
      });
  },
);

describe('the public surface', () => {
  it('has no function with options that is missing in this test', () => {
    const isClass = (value: unknown): boolean => typeof value === 'function' && /^class /.test(String(value));
    const isPlain = (value: unknown): boolean => typeof value === 'function' && !isClass(value);
    const functions = Object.entries({ ...api, ...testing })
      .filter(([, value]) => isPlain(value))
      .map(([name]) => name);
    // Re-exports of protocol without options.
    const without = [
      'getUnlistedField',
      'isKnownWebhookEvent',
      'setDocumentationUrl',
      'toDecimal',
      'Decimal',
    ];
    const covered = [...Object.keys(factories).filter((name) => !name.includes('.')), ...without];
    expect(functions.filter((name) => !covered.includes(name))).toEqual([]);
    const isError = (value: unknown): boolean => (value as typeof CpgError).prototype instanceof CpgError;
    const classes = Object.entries({ ...api, ...testing }).filter(
      ([, value]) => isClass(value) && !isError(value),
    );
    expect(classes.map(([name]) => name).sort()).toEqual([
      'CpgCall',
      'CpgClient',
      'CpgError',
      'PagedCall',
      'ScriptedGateway',
    ]);
    expect(Object.keys(webhooks).every((name) => `webhooks.${name}` in factories)).toBe(true);
  });

  it('has no client method that is missing in this test', () => {
    for (const [resource, value] of Object.entries(client)) {
      if (resource === 'webhooks') continue;
      for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(value))) {
        if (method !== 'constructor') expect(factories).toHaveProperty([`client.${resource}.${method}`]);
      }
    }
  });
});

describe('an option in the wrong argument', () => {
  it.each<[string, () => PromiseLike<unknown>]>([
    ['balances.list: timeoutMs', () => client.balances.list({ timeoutMs: 5 } as never)],
    ['transactions.list: signal', () => client.transactions.list({ signal: AbortSignal.abort() } as never)],
    [
      'withdrawals.create: maxRetries',
      () => client.withdrawals.create({ ...payout, maxRetries: 5 } as never),
    ],
  ])('is named with the fix: %s', async (name, run) => {
    expect(await catchError(run())).toMatchObject({
      code: 'invalid_request',
      message: `${name}: Unexpected field. Fix: pass options in an argument of their own, after this one.`,
    });
  });

  it('suggests the most similar filter', async () => {
    expect(await catchError(client.balances.list({ curency: 'USDT' } as never))).toMatchObject({
      message: 'balances.list: curency: Unexpected field. Did you mean currency?',
    });
  });
});

describe('a method without its object', () => {
  it('works: of resources, of the client, and as a callback', async () => {
    const gateway = await ScriptedGateway.start();
    gateway.reply('balances.list', { data: [BALANCE] }).reply('ping', { data: { pong: true } });
    const cpg = new CpgClient(gateway.clientOptions);
    const { list } = cpg.balances;
    const { ping, close } = cpg;
    expect((await list()).data).toEqual([BALANCE]);
    expect((await ping()).data).toEqual({ pong: true });
    const ids = [0.5, 'x'];
    const results = await Promise.allSettled(
      ids.map((id) => cpg.withdrawals.get(id)).map((call) => call.then()),
    );
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(Object.keys(cpg.balances)).toEqual([]);
    close();
    expect(await catchError(list())).toMatchObject({ code: 'client_closed' });
    await gateway.stop();
  });

  it('is the overridden one in a subclass', async () => {
    class Logging extends CpgClient {
      override close(): void {
        super.close();
        closed += 1;
      }
    }
    let closed = 0;
    const { close } = new Logging(credentials);
    close();
    expect(closed).toBe(1);
  });
});

describe('an argument that is not an object', () => {
  it.each<[string, () => PromiseLike<unknown>]>([
    ['body', () => client.withdrawals.create(undefined as never)],
    ['body', () => client.depositAddresses.create(null as never)],
    ['query', () => client.balances.list(7 as never)],
    ['query', () => client.balances.list('USDT' as never)],
    ['query', () => client.hotWallet.get(undefined as never)],
    ['id', () => client.withdrawals.get({} as never)],
    ['id', () => client.withdrawals.get(Symbol('x') as never)],
    ['id', () => client.depositRequests.get(Object.create(null))],
    ['id', () => client.depositRequests.get(Number.NaN)],
  ])('as the %s rejects with invalid_request', async (_, run) => {
    expect(await catchError(run())).toMatchObject({ code: 'invalid_request', attempts: 0 });
  });

  it('or is missing is named in the error', async () => {
    const get = client.withdrawals.get as unknown as () => PromiseLike<unknown>;
    expect(message(await catchError(get()))).toBe(
      'withdrawals.get: withdrawal_id: Input should be a valid integer: got undefined',
    );
    const create = client.withdrawals.create as unknown as () => PromiseLike<unknown>;
    expect(message(await catchError(create()))).toBe(
      'withdrawals.create: currency: Field required; network: Field required; amount: Field required; to_address: Field required',
    );
  });

  it.each<[string, () => unknown]>([
    ['signAxios', () => signAxios({} as never, credentials)],
    ['signFetch', () => signFetch(undefined as never, credentials)],
    ['sumAvailable', () => sumAvailable({} as never, { currency: 'USDT' })],
  ])('as the first argument of %s is named in the error', async (name, run) => {
    expect(await failure(run)).toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringMatching(new RegExp(`^${name}: (instance|fetch|balances) must be .+: got `)),
    });
  });

  it('as a proxy is named in the error', async () => {
    const host = 'proxy.example.com';
    const wrong = [
      true,
      'http://user:word@proxy',
      {},
      { host: 7 },
      { host },
      { host: 'http://proxy', port: 80 },
    ];
    for (const proxy of [...wrong, { host, port: 'x' }]) {
      const error = await failure(() => new CpgClient({ ...credentials, proxy: proxy as never }));
      expect(message(error)).toMatch(
        /^CpgClient: proxy must be false or an object with host and port: got .*\. Fix: \{ protocol: 'http', host: /,
      );
      expect(message(error)).not.toContain('word@');
    }
    new CpgClient({ ...credentials, proxy: { host, port: 3128 } }).close();
  });

  it('as a second way to send is named in the error', async () => {
    const transport = fetchTransport();
    for (const other of ['httpAgent', 'httpsAgent', 'proxy']) {
      const value = other === 'proxy' ? false : { addRequest: () => undefined, destroy: () => undefined };
      const error = await failure(
        () => new CpgClient({ ...credentials, transport, [other]: value as never }),
      );
      expect(message(error)).toBe(
        `CpgClient: ${other} cannot be combined with transport. Fix: pass it to axiosTransport({ ${other} }).`,
      );
    }
  });

  it('as a scripted reply is named in the error', async () => {
    const gateway = await ScriptedGateway.start();
    for (const reply of [
      undefined,
      7,
      {},
      { rejection: 'nope' },
      { status: '503', message: 'x' },
      { data: 1 },
    ]) {
      const error = await failure(() => gateway.reply('ping', reply as never));
      expect(error).toMatchObject({
        code: 'invalid_configuration',
        message: expect.stringContaining('ping'),
      });
    }
    expect(message(await failure(() => gateway.reply('pong' as never)))).toBe(
      'There is no operation pong. Did you mean ping?',
    );
    await gateway.stop();
  });
});
