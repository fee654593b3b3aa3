import { once } from 'node:events';
import { createServer } from 'node:net';
import pino from 'pino';
import { expect, it } from 'vitest';
import { repeat } from './repeat.ts';

const FAILURES: readonly (readonly [string, () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error('at once');
    },
  ],
  ['rejects', () => Promise.reject(new Error('later'))],
  [
    'throws no error',
    () => {
      throw undefined;
    },
  ],
  [
    'rejects with an unreadable error',
    () =>
      Promise.reject(
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('trap');
            },
          },
        ),
      ),
  ],
  ['returns no promise', () => 7],
];
const loggers = {
  'a log': pino({ level: 'error' }, { write: () => undefined }),
  'a log that throws': pino(
    { level: 'error' },
    {
      write: () => {
        throw new Error('disk full');
      },
    },
  ),
};

it.each(
  FAILURES.flatMap(([name, work]) =>
    Object.entries(loggers).map(([log, logger]) => ({ name, work, log, logger })),
  ),
)('continues after a task that $name, with $log', async ({ work, logger }) => {
  let runs = 0;
  const task = repeat(
    () => {
      runs += 1;
      return work();
    },
    { name: 'the work', intervalMs: 1, logger },
  );
  await expect.poll(() => runs).toBeGreaterThan(2);
  await task.stop();
  const stoppedAt = runs;
  // Starting and stopping a server leaves enough time for an unexpected run.
  const server = createServer().listen(0);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
  expect(runs).toBe(stoppedAt);
});

it('runs when it asked to, at most so late as allowed, and at once when it is woken', async () => {
  const ranAt: number[] = [];
  let wanted = 1;
  const task = repeat(
    () => {
      ranAt.push(performance.now());
      return wanted;
    },
    { name: 'the work', intervalMs: 1, maxIntervalMs: 3_600_000, logger: loggers['a log'] },
  );
  await expect.poll(() => ranAt.length).toBeGreaterThan(2);
  wanted = Number.POSITIVE_INFINITY;
  const before = await new Promise<number>((resolve) => {
    const look = (length: number) => {
      if (ranAt.length === length) resolve(length);
      else setTimeout(look, 50, ranAt.length);
    };
    setTimeout(look, 50, ranAt.length);
  });
  task.wake();
  await expect.poll(() => ranAt.length).toBe(before + 1);
  await task.stop();
});
