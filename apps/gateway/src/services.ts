import { type AdmissionStore, type IpBackstopOptions, memoryStore, redisStore } from '@cpg/server-middleware';
import type { Logger } from 'pino';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import type { Config } from './config.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { openSecretBox, type SecretBox } from './database/secret-box.ts';
import { setBlockIntervals } from './ledger/networks.ts';
import type { Clock } from './time.ts';
import type { WebhookUrlRules } from './webhooks/url-rules.ts';

/** What every part of the gateway works with. */
export interface Services {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: SecretBox;
  /** Where webhooks may be delivered to. */
  readonly rules: WebhookUrlRules;
}

/** Opens the database, brings it up to date and lets the mode of the gateway prepare it. */
export const openServices = async (
  config: Config,
  clock: Clock,
  prepare: (services: Services) => Promise<void>,
): Promise<Services> => {
  const box = await openSecretBox(config);
  const db = await openDatabase(config);
  const rules = { allowedHosts: config.webhookAllowedHosts, sandbox: config.sandbox };
  const services = { db, clock, box, rules };
  try {
    await migrate(db);
    await prepare(services);
    await setBlockIntervals(db, config.chainSettleSeconds, clock.now());
    return services;
  } catch (error) {
    await db.destroy();
    throw error;
  }
};

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
