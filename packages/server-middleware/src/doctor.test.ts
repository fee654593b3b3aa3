import { setTimeout as delay } from 'node:timers/promises';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import { recordingLogger, SECRET, testKey } from '@cpg/test-support/server-middleware/fixtures';
import type { Express, RequestHandler } from 'express';
import { describe, expect, it, vi } from 'vitest';
import { memoryStore } from './admission/memory/memory-store.ts';
import { doctor } from './doctor.ts';
import { type CpgAuthOptions, cpgAuth } from './express/cpg-auth.ts';
import { staticKeys } from './keys/key-store.ts';

describe.each(EXPRESS_VERSIONS)('doctor on %s', (_name, express) => {
  const createApp = (
    options: Partial<CpgAuthOptions> = {},
    before: readonly RequestHandler[] = [],
  ): Express => {
    const app = express();
    if (before.length > 0) app.use(...before);
    const keys = staticKeys([testKey()]);
    app.use('/v1', cpgAuth({ keys, store: memoryStore(), logger: recordingLogger(), ...options }));
    app.use('/v1/_ping', (_request, response) => {
      response.json({});
    });
    return app;
  };

  const examine = async (app: Express, timeoutMs = 10_000) => {
    const lines: string[] = [];
    const report = await doctor(app, {
      keyId: 'ck_full',
      secret: SECRET,
      timeoutMs,
      print: (line) => lines.push(line),
    });
    const ill = report.findings.filter(({ status }) => status !== 'ok').map(({ check }) => check);
    return { ...report, lines, ill };
  };

  it('finds nothing wrong with an app that is right', async () => {
    const { isHealthy, ill, lines } = await examine(createApp());
    expect([isHealthy, ill]).toEqual([true, []]);
    expect(lines.map((line) => line.slice(0, 24).trim())).toEqual([
      'ok       trust proxy',
      'ok       authentication',
      'ok       replay',
      'ok       clock',
      'ok       parser order',
      'ok       compression',
      'ok       body limit',
      'ok       key store',
      'ok       admission store',
    ]);
  });

  it('reports that no cpgAuth is mounted on the path', async () => {
    const { isHealthy, lines } = await examine(express());
    expect(isHealthy).toBe(false);
    expect(lines.at(-1)).toBe(
      'failure  authentication  got 404, but not from cpgAuth. Is it mounted on this path?',
    );
  });

  it.each<readonly [string, () => Express, readonly string[], number]>([
    [
      'a parser in front',
      () => createApp({}, [express.json()]),
      ['parser order', 'compression', 'body limit'],
      2_000,
    ],
    ['a store that forgets', () => createApp({ store: { admit: () => 'admitted' } }), ['replay'], 10_000],
    [
      'a clock ten minutes off',
      () => createApp({ clock: () => Date.now() - 600_000 }),
      ['authentication'],
      10_000,
    ],
    ['a clock a minute off', () => createApp({ clock: () => Date.now() + 60_000 }), ['clock'], 10_000],
    [
      'a slow key store',
      () =>
        createApp({
          keys: {
            find: async () => {
              await delay(110);
              return testKey();
            },
          },
        }),
      ['key store'],
      10_000,
    ],
  ])('finds %s', async (_what, app, expected, timeoutMs) => {
    // A parser in front waits for the whole of a body that never comes.
    expect((await examine(app(), timeoutMs)).ill).toEqual(expected);
  });

  it('judges proxy trust', async () => {
    const trusting = createApp();
    trusting.set('trust proxy', true);
    expect((await examine(trusting)).ill).toEqual(['trust proxy']);
    const careful = createApp();
    careful.set('trust proxy', 1);
    expect((await examine(careful)).lines[0]).toBe('ok       trust proxy     is limited to named proxies');
  });

  it('prints to standard output when it is told nothing else', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await doctor(express(), { keyId: 'ck_full', secret: SECRET });
    const printed = write.mock.calls.map(([text]) => text);
    write.mockRestore();
    expect(printed[0]).toBe(
      'ok       trust proxy     is off: the client address is that of the connection\n',
    );
  });

  it('reports a missing response', async () => {
    const destroying: RequestHandler = (request) => request.socket.destroy();
    const { lines } = await examine(createApp({}, [destroying]));
    expect(lines.at(-1)).toBe('failure  authentication  there was no response in time');
  });
});
