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
  const stop = repeat(
    () => {
      runs += 1;
      return work();
    },
    { name: 'the work', intervalMs: 1, logger },
  );
  await expect.poll(() => runs).toBeGreaterThan(2);
  await stop();
  const stoppedAt = runs;
  // Starting and stopping a server leaves enough time for an unexpected run.
  const server = createServer().listen(0);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
  expect(runs).toBe(stoppedAt);
});
