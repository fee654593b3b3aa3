import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { endpoints } from '@cpg/protocol';
import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  NOW,
  recordingLogger,
  SECRET,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type CpgAuthOptions,
  type CpgKey,
  cachedKeys,
  cpgAuth,
  DECISION_CHANNEL,
  doctor,
  errorHandler,
  ipBackstop,
  type KeyStore,
  type Logger,
  memoryStore,
  route,
  routes,
  staticKeys,
} from './index.ts';
import { guardLogger, guardSubscribers } from './user-code.ts';

/** The ways in which a callback can fail. */
const FAILURES: readonly (readonly [string, () => never])[] = [
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken')) as never],
  [
    'returns a thenable that rejects',
    () =>
      // biome-ignore lint/suspicious/noThenProperty: promises of other libraries are objects with `then`.
      ({ then: (_resolve: unknown, reject: (error: Error) => void) => reject(new Error('broken')) }) as never,
  ],
  [
    'throws no error',
    () => {
      throw Object.create(null);
    },
  ],
];

/** The codes of the lines, each once: on a slow machine a line is repeated after a second. */
const getCodes = ({ lines }: ReturnType<typeof recordingLogger>) => [
  ...new Set(lines.map(({ fields }) => fields.code)),
];

/** Collects the warnings of the process until the test ends. */
const collectWarnings = () => {
  const warnings: (Error & { readonly code?: string })[] = [];
  // The callbacks of earlier tests are reported again after a minute.
  const collect = (warning: Error) => {
    if (!/ more in the last minute\)$/.test(warning.message)) warnings.push(warning);
  };
  process.on('warning', collect);
  onTestFinished(() => {
    process.off('warning', collect);
  });
  return warnings;
};

// vitest fails the run at an uncaught exception or an unhandled rejection: either ends a server.
describe.each(EXPRESS_VERSIONS)('code of the caller, on %s', (_name, express) => {
  const start = (options: Partial<CpgAuthOptions> = {}) => {
    const clock = () => NOW * 1000;
    const app = express();
    app.use(cpgAuth({ keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock, ...options }));
    app.use((_request, response) => {
      response.end('served');
    });
    return serve(app);
  };
  const sendTwo = async (port: number, parts = {}) => {
    const statuses = [];
    for (const timestamp of [NOW, NOW + 1]) {
      statuses.push((await exchange(port, signedRequest({ timestamp, ...parts }))).status);
    }
    await nextTurn();
    return statuses;
  };

  it.each(FAILURES)('a trace that %s is reported once, and requests are served', async (_how, trace) => {
    const logger = recordingLogger();
    // A function of its own for each test: a failure is reported once for a callback.
    const port = await start({ logger, trace: () => trace() });
    expect(await sendTwo(port)).toEqual([200, 200]);
    expect(logger.lines.map(({ level, fields }) => [level, fields.code])).toEqual([
      ['error', 'callback_failed'],
    ]);
  });

  it.each(FAILURES)(
    'a channel subscriber that %s is reported once, and requests are served',
    async (_how, fail) => {
      const warnings = collectWarnings();
      const seen: unknown[] = [];
      const failing = () => fail();
      const healthy = (message: unknown) => seen.push(message);
      subscribe(DECISION_CHANNEL, failing);
      subscribe(DECISION_CHANNEL, healthy);
      const port = await start();
      expect(await sendTwo(port)).toEqual([200, 200]);
      expect(seen).toHaveLength(2);
      expect(unsubscribe(DECISION_CHANNEL, failing)).toBe(true);
      expect(unsubscribe(DECISION_CHANNEL, healthy)).toBe(true);
      expect(unsubscribe(DECISION_CHANNEL, healthy)).toBe(false);
      await nextTurn();
      expect(warnings.map(({ code }) => code)).toEqual(['callback_failed']);
      expect(warnings[0]?.message).toContain(`A subscriber of ${DECISION_CHANNEL} failed`);
    },
  );

  it.each([...FAILURES, ['is missing', undefined] as const])(
    'a logger whose method %s is reported once, and every response stays the same',
    async (_how, fail) => {
      const warnings = collectWarnings();
      const logger = recordingLogger() as { -readonly [Level in keyof Logger]: Logger[Level] };
      const failingStore = { admit: () => Promise.reject(new Error('down')) };
      const failing = await start({ logger, store: failingStore });
      const explaining = await start({ logger, explain: true });
      logger.error = fail as Logger['error'];
      logger.warn = fail as Logger['warn'];
      expect(await sendTwo(failing)).toEqual([503, 503]);
      expect(await sendTwo(explaining, { secret: 'wrong' })).toEqual([401, 401]);
      await nextTurn();
      expect(warnings.map(({ code }) => code)).toEqual(['callback_failed']);
      expect(warnings[0]?.message).toMatch(/logger\.(error|warn) failed/);
    },
  );

  const STORES: readonly (readonly [string, (find: KeyStore['find']) => KeyStore])[] = [
    ['a key store', (find) => ({ find })],
    ['a key store behind cachedKeys', (find) => cachedKeys({ find })],
  ];
  it.each(STORES.flatMap(([what, make]) => FAILURES.map(([how, fail]) => [what, how, make(fail)] as const)))(
    '%s that %s is a 503',
    async (_what, _how, keys) => {
      const logger = recordingLogger();
      const port = await start({ keys, logger });
      expect(await sendTwo(port)).toEqual([503, 503]);
      expect(getCodes(logger)).toEqual(['store_unavailable']);
    },
  );

  it('an admission store that throws is a 503', async () => {
    for (const [, admit] of FAILURES) {
      expect(await sendTwo(await start({ store: { admit }, logger: recordingLogger() }))).toEqual([503, 503]);
    }
  });

  it.each<readonly [string, Partial<Record<keyof CpgKey, unknown>>]>([
    ['no permissions', { permissions: undefined }],
    ['a whitelist of null', { sourceIps: null }],
    ['a numeric account', { accountId: 7 }],
    ['secrets in place of signing keys', { signingKeys: [SECRET] }],
    ['no signing keys', { signingKeys: undefined }],
  ])('logs the key with %s, and responds with 500', async (_what, wrong) => {
    const logger = recordingLogger();
    const port = await start({ logger, keys: { find: () => ({ ...testKey(), ...wrong }) as CpgKey } });
    expect(await sendTwo(port)).toEqual([500, 500]);
    expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['invalid_key']);
    expect(JSON.stringify(logger.lines)).not.toContain(SECRET);
  });

  it.each([...FAILURES, ['is NaN', () => Number.NaN], ['is text', () => '1' as never]] as const)(
    'a clock that %s lets nothing through, and burns nothing',
    async (_how, fail) => {
      const logger = recordingLogger();
      const time = { read: (): number => fail() };
      const port = await start({ logger, clock: () => time.read() });
      expect(await sendTwo(port)).toEqual([500, 500]);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['clock_failed']);
      time.read = () => NOW * 1000;
      expect(await sendTwo(port)).toEqual([200, 200]);
    },
  );

  it.each([Number.NaN, undefined])('no store decides by a clock that says %s', async (now) => {
    for (const options of [
      { store: memoryStore({ clock: () => now as number }) },
      { keys: cachedKeys({ find: () => testKey() }, { clock: () => now as number }) },
    ]) {
      const logger = recordingLogger();
      expect(await sendTwo(await start({ ...options, logger }))).toEqual([500, 500]);
      expect(logger.lines.map(({ fields }) => fields.code)).toEqual(['clock_failed']);
    }
  });

  it.each(FAILURES)(
    'an ipBackstop whose store %s is a 503, also with a failing logger',
    async (_how, fail) => {
      const store = { init: () => fail(), increment: fail, decrement: () => {}, resetKey: () => {} };
      const app = express();
      app.use(ipBackstop({ store, logger: { warn: () => fail(), error: () => fail() } }));
      const port = await serve(app);
      expect(await sendTwo(port)).toEqual([503, 503]);
    },
  );

  it.each(FAILURES)(
    'a handler that %s is a 500 in the envelope, also with a failing logger',
    async (_how, fail) => {
      const logger = { warn: () => fail(), error: () => fail() };
      const clock = () => NOW * 1000;
      const app = express();
      app.use(cpgAuth({ keys: staticKeys([testKey()]), store: memoryStore({ clock }), clock }));
      app.use(routes([route(endpoints.ping, () => fail())], { logger }));
      const port = await serve(app);
      const { status, body } = await exchange(port, signedRequest());
      expect([status, body]).toEqual([500, '{"success":false,"message":"Internal server error"}']);
      expect(await sendTwo(port, { target: '/v1/_ping?again' })).toEqual([500, 500]);
    },
  );

  it('a thrown value that throws again is a 500, also with a failing logger', async () => {
    const fail = () => {
      throw new Error('broken');
    };
    const hostile = new Proxy(new Error('x'), { get: fail, getPrototypeOf: fail, has: fail });
    const app = express();
    app.use((_request, _response, next) => next(hostile));
    app.use(errorHandler({ logger: { warn: fail, error: fail } }));
    const { status, body } = await exchange(await serve(app), signedRequest());
    expect([status, body]).toEqual([500, '{"success":false,"message":"Internal server error"}']);
  });

  it('doctor reports although its print, or the app, fails', async () => {
    const app = express();
    const print = () => {
      throw new Error('closed pipe');
    };
    const report = await doctor(app, { keyId: 'ck_full', secret: SECRET, print });
    expect(report.findings.map(({ check }) => check)).toEqual(['trust proxy', 'authentication']);
    const throwing = Object.assign(() => print(), { get: () => undefined }) as never;
    const broken = await doctor(throwing, {
      keyId: 'ck_full',
      secret: SECRET,
      timeoutMs: 50,
      print: () => {},
    });
    expect(broken.findings.at(-1)?.detail).toBe('there was no response in time');
  });
});

describe('guards', () => {
  it('guard a logger once, and write process warnings without one', async () => {
    const guarded = guardLogger(recordingLogger());
    expect(guardLogger(guarded)).toBe(guarded);
    const warned = once(process, 'warning');
    guardLogger().warn({ code: 'x' }, 'Look here.');
    expect((await warned)[0]).toMatchObject({ code: 'x', message: 'Look here.' });
  });

  it('guard a channel once, and leave the errors of Node as they are', () => {
    const guarded = channel('cpg.test.guard');
    guardSubscribers(guarded);
    guardSubscribers(guarded);
    expect(() => guarded.subscribe('x' as never)).toThrow(TypeError);
    const seen: unknown[] = [];
    const listener = (message: unknown) => seen.push(message);
    guarded.subscribe(listener);
    guarded.publish(1);
    expect(guarded.unsubscribe(listener)).toBe(true);
    guarded.publish(2);
    expect(seen).toEqual([1]);
    expect(guarded.hasSubscribers).toBe(false);
  });
});
