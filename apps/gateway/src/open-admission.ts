import { type AdmissionStore, type IpBackstopOptions, memoryStore, redisStore } from '@cpg/server-middleware';
import type { Logger } from 'pino';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';

/** The admission store, and what readiness and shutdown need of it. */
export interface Admission {
  readonly store: AdmissionStore;
  /** Counts for the limit per client address; the limiter's own memory when absent. */
  readonly addressCounts?: IpBackstopOptions['store'];
  /** Rejects while the store cannot be reached. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

/** Redis when it is configured, for several processes; else this process's memory. */
export const openAdmission = async (config: Config, clock: Clock, logger: Logger): Promise<Admission> => {
  if (config.redisUrl === undefined) {
    return {
      store: memoryStore({ clock: clock.now }),
      ping: async () => undefined,
      close: async () => undefined,
    };
  }
  // Refuses at once while the connection is down, rather than to keep requests waiting for it.
  const client = createClient({ url: config.redisUrl, disableOfflineQueue: true });
  client.on('error', (error: unknown) => logger.error({ err: error }, 'Redis connection failed'));
  await client.connect();
  return {
    store: redisStore(client, { clock: clock.now }),
    addressCounts: new RedisStore({
      prefix: 'cpg:ip:',
      sendCommand: (...command) => client.sendCommand(command),
    }),
    ping: () => client.ping(),
    close: async () => {
      await client.close();
    },
  };
};
