import { setBlockIntervals } from './chain/set-block-intervals.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { openSecretBox } from './secrets/open-secret-box.ts';
import type { SecretBox } from './secrets/secret-box.ts';
import type { WebhookUrlRules } from './webhooks/webhook-url.ts';

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
