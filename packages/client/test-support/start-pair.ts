import { CpgClient, type CpgClientOptions } from '../src/client.ts';
import { CREDENTIALS } from './credentials.ts';
import { FakeTime } from './fake-time.ts';
import { type RawHandler, RawServer } from './raw-server.ts';

/** 2025-05-17T00:00:30Z: the middle of an epoch minute. */
export const NOW = 1_747_440_030_000;

const running: { stop(): Promise<void> }[] = [];

/** A raw server and a client of it whose clock stands still; both end with `stopAll`. */
export const startPair = async (handler: RawHandler, options: Partial<CpgClientOptions> = {}) => {
  const server = await RawServer.start(handler);
  const time = new FakeTime(NOW);
  const client = new CpgClient({ baseUrl: server.url, time, ...CREDENTIALS, ...options });
  running.push({
    stop: async () => {
      client.close();
      await server.stop();
    },
  });
  return { server, time, client };
};

/** For `afterEach`. */
export const stopAll = async (): Promise<void> => {
  for (const each of running.splice(0)) await each.stop();
};

/** What a promise is rejected with. */
export const failureOf = async (promise: PromiseLike<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It should have failed.');
};
