import { type AdmissionStore, type IpBackstopOptions, memoryStore, redisStore } from '@cpg/server-middleware';
import type { Logger } from 'pino';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import type { Config } from './config.ts';
import { type Database, openPreparedDatabase } from './database/open-database.ts';
import { openSecretBox, type SecretBox } from './database/secret-box.ts';
import { activateMasterKey, assertMasterKey } from './keys/master-key.ts';
import { setBlockIntervals } from './ledger/networks.ts';
import type { Clock } from './time.ts';
import type { WebhookUrlRules } from './webhooks/url-rules.ts';

/** The services shared by all parts of the gateway. */
export interface Services {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: SecretBox;
  /** Which webhook URLs are allowed. */
  readonly rules: WebhookUrlRules;
}

/** Opens and migrates the database, then runs `prepare` on it. */
export const openServices = async (
  config: Config,
  clock: Clock,
  prepare: (services: Services) => Promise<void>,
): Promise<Services> => {
  const box = await openSecretBox(config);
  const rules = { allowedHosts: config.webhookAllowedHosts, sandbox: config.sandbox };
  const db = await openPreparedDatabase(config, async (patient) => {
    await assertMasterKey(patient, box);
    await activateMasterKey(patient, box);
    await prepare({ db: patient, clock, box, rules });
    await setBlockIntervals(patient, config.chainSettleSeconds, clock.now());
  });
  return { db, clock, box, rules };
};

/** The admission store with its readiness check and its shutdown. */
export interface Admission {
  readonly store: AdmissionStore;
  /** Store of the limit per client address. @default the memory of the process */
  readonly addressCounts?: IpBackstopOptions['store'];
  /** Rejects while the store is unreachable. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Opens Redis when `REDIS_URL` is set, which several processes can share; otherwise the memory of the
 * process.
 */
export const openAdmission = async (config: Config, clock: Clock, logger: Logger): Promise<Admission> => {
  if (config.redisUrl === undefined) {
    return {
      store: memoryStore({ clock: clock.now }),
      ping: async () => undefined,
      close: async () => undefined,
    };
  }
  // Commands fail immediately while the connection is down, and are never queued.
  const client = createClient({ url: config.redisUrl, disableOfflineQueue: true });
  client.on('error', (error: unknown) => logger.error({ err: error }, 'Redis connection failed'));
  await client.connect();
  const store = redisStore(client, { clock: clock.now });
  return {
    store,
    addressCounts: new RedisStore({ prefix: 'cpg:ip:', sendCommand: store.sendCommand }),
    ping: () => client.ping(),
    close: async () => {
      await client.close();
    },
  };
};
