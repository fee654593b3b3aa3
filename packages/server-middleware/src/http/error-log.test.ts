import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CLOSED_PORT } from '@cpg/test-support/ports';
import { exchange } from '@cpg/test-support/raw-client';
import {
  NOW,
  recordingLogger,
  SECRET,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import pino from 'pino';
import { createClient } from 'redis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import { ServerMiddlewareError } from '../errors.ts';
import { type CpgKey, cpgAuth, type KeyStore, type Logger, memoryStore } from '../index.ts';
import { guardLogger } from '../user-code.ts';
import { ErrorLog } from './error-log.ts';

const UNAVAILABLE = new ServerMiddlewareError('store_unavailable', 'Down.');

afterEach(() => {
  vi.useRealTimers();
});

describe('ErrorLog', () => {
  it('logs a wrong set-up once a minute, with code and help', () => {
    vi.useFakeTimers();
    const logger = recordingLogger();
    const log = new ErrorLog(logger);
    const error = new ServerMiddlewareError('mounted_twice', 'Mount it once.');
    log.log(error);
    log.log(error);
    const line = {
      level: 'error',
      fields: {
        err: error,
        code: 'mounted_twice',
        help: '/docs/errors/server-middleware.html#mounted_twice',
      },
      message: 'Mount it once.',
    };
    expect(logger.lines).toEqual([line]);
    vi.advanceTimersByTime(60_000);
    expect(logger.lines.slice(1)).toEqual([
      { ...line, message: 'Mount it once. (1 more in the last minute)' },
    ]);
    vi.advanceTimersByTime(600_000);
    expect(logger.lines).toHaveLength(2);
    log.log(error);
    expect(logger.lines[2]).toEqual(line);
  });

  it('logs a store that is down once a second, and says how many were left out', () => {
    vi.useFakeTimers();
    const logger = recordingLogger();
    const log = new ErrorLog(logger);
    for (let ms = 0; ms < 2_500; ms += 100) {
      log.log(UNAVAILABLE);
      vi.advanceTimersByTime(100);
    }
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'Down.',
      'Down. (9 more in the last second)',
      'Down. (10 more in the last second)',
    ]);
  });

  it('logs every subject of a code: the broken keys B and D too, after key A', () => {
    const logger = recordingLogger();
    const log = new ErrorLog(logger);
    for (const subject of ['A', 'B', 'A', 'D']) {
      log.log(new ServerMiddlewareError('invalid_key', `Key ${subject} is broken.`, { subject }));
    }
    expect(logger.lines.map(({ fields }) => fields.subject)).toEqual(['A', 'B', 'D']);
  });

  it('remembers 1,000 subjects at most; the others share one line', () => {
    vi.useFakeTimers();
    const logger = recordingLogger();
    const log = new ErrorLog(logger);
    for (let index = 0; index < 3_000; index += 1) {
      log.log(new ServerMiddlewareError('invalid_key', 'Broken.', { subject: `ck_${index}` }));
    }
    expect(logger.lines).toHaveLength(1_001);
    expect(vi.getTimerCount()).toBe(1_001);
    vi.advanceTimersByTime(60_000);
    expect(logger.lines.slice(1_001).map(({ message }) => message)).toEqual([
      'Broken. (1999 more in the last minute)',
    ]);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('logs an error of a handler every time, and a 503 of a handler once a second', () => {
    const logger = recordingLogger();
    const log = new ErrorLog(logger);
    log.formatError(new Error('first'));
    log.formatError(new Error('first'));
    log.formatError('thrown text');
    const down = Object.assign(new Error('pool'), { status: 503, code: '57P03' });
    log.formatError(down);
    log.formatError(down);
    log.formatError(Object.assign(new Error('other'), { status: 503, code: '08006' }));
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'first',
      'first',
      'A handler threw no Error: thrown text',
      'pool',
      'other',
    ]);
  });

  it('writes process warnings when it is given no logger', async () => {
    const warned = once(process, 'warning');
    new ErrorLog().log(new ServerMiddlewareError('mounted_twice', 'Mount it once.'));
    expect((await warned)[0]).toMatchObject({ name: 'CpgServerMiddleware', code: 'mounted_twice' });
    const warnedAgain = once(process, 'warning');
    new ErrorLog().log(new Error('a handler failed'));
    expect((await warnedAgain)[0]).toMatchObject({
      name: 'CpgServerMiddleware',
      message: 'a handler failed',
    });
  });
});

interface Logged {
  readonly logger: Logger | undefined;
  /** Returns what was written. */
  readonly read: () => Promise<string> | string;
}

/** Each logger as its users create it, with what it writes. */
const LOGGERS: readonly (readonly [string, () => Logged])[] = [
  [
    'the default logger',
    () => {
      const warnings: string[] = [];
      const collect = (warning: Error) => warnings.push(String(warning));
      process.on('warning', collect);
      return {
        logger: undefined,
        read: async () => {
          await new Promise(setImmediate);
          process.off('warning', collect);
          return warnings.join('\n');
        },
      };
    },
  ],
  [
    'pino',
    () => {
      const lines: string[] = [];
      const logger = pino({}, { write: (line: string) => lines.push(line) });
      // With the stacks of the error and of its causes.
      const read = () => lines.join('\n');
      return { logger, read };
    },
  ],
  ...(['json', 'simple'] as const).map(
    (format) =>
      [
        `winston, ${format}`,
        () => {
          const stream = new PassThrough();
          const transports = [new winston.transports.Stream({ stream })];
          const logger = winston.createLogger({ format: winston.format[format](), transports });
          const read = () => {
            stream.end();
            return text(stream);
          };
          return { logger, read };
        },
      ] as const,
  ),
];

describe.each(LOGGERS)('%s', (_name, create) => {
  const start = async (keys: KeyStore, logger: Logger | undefined) => {
    const clock = () => NOW * 1000;
    const app = express();
    app.use(cpgAuth({ keys, store: memoryStore({ clock }), clock, logger }));
    return serve(app);
  };

  it('has the cause of a failing key store in its text, without the password', async () => {
    const find = async (): Promise<CpgKey | undefined> => {
      const url = `redis://cpg:hunter2@127.0.0.1:${CLOSED_PORT}`;
      const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {});
      await client.connect().catch((cause: unknown) => {
        throw new Error(`cannot reach ${url}`, { cause });
      });
      return undefined;
    };
    const { logger, read } = create();
    const port = await start({ find }, logger);
    expect((await exchange(port, signedRequest())).status).toBe(503);
    const written = await read();
    expect(written).toContain('The key store failed: cannot reach redis://[credentials]@127.0.0.1');
    expect(written).toContain(`connect ECONNREFUSED 127.0.0.1:${CLOSED_PORT}`);
    expect(written).not.toMatch(/\[object Object\]/);
    expect(written).not.toContain('hunter2');
  });

  it('shows the text of a warning without an error', async () => {
    const { logger, read } = create();
    guardLogger(logger).warn({ code: 'x' }, 'Look here.');
    expect(await read()).toContain('Look here.');
  });

  it('names the broken keys A, B and D, each with its reason', async () => {
    const broken: Readonly<Record<string, object>> = {
      A: { rateLimitPerMinute: Number.NaN },
      B: { signingKeys: [SECRET] },
      C: {},
      D: { sourceIps: ['somewhere'] },
    };
    const { logger, read } = create();
    const keys = { find: (keyId: string) => testKey({ keyId, ...broken[keyId] }) };
    const port = await start(keys, logger);
    const statuses = [];
    for (const keyId of ['A', 'A', 'B', 'C', 'D', 'D']) {
      statuses.push((await exchange(port, signedRequest({ keyId }))).status);
    }
    expect(statuses).toEqual([500, 500, 500, 404, 500, 500]);
    const written = await read();
    expect(written).toContain('Key A: rateLimitPerMinute must be a whole number');
    expect(written).toContain('Key B: its signingKeys cannot be used');
    expect(written).toContain('Key D: Whitelist entry must be');
    expect(written.match(/Key [A-D]: (?!.*stack)/g)?.length).toBeGreaterThanOrEqual(3);
    expect(written).not.toContain(SECRET);
  });
});
