import { setBlockIntervals } from './chain/set-block-intervals.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { DEMO_ACCOUNT } from './demo/demo-keys.ts';
import { resetDemo } from './demo/reset-demo.ts';
import { seedDemo } from './demo/seed-demo.ts';
import { openSecretBox } from './secrets/open-secret-box.ts';
import type { SecretBox } from './secrets/secret-box.ts';
import { registerWebhook } from './webhooks/webhook-endpoints.ts';
import type { WebhookUrlRules } from './webhooks/webhook-url.ts';

/** What every part of the gateway works with. */
export interface Services {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: SecretBox;
  /** Where webhooks may be delivered to. */
  readonly rules: WebhookUrlRules;
  /** Brings the demo back to how it began, all data included. */
  reset(): Promise<void>;
}

/** Opens the database, brings it up to date and seeds the demo. */
export const openServices = async (config: Config, clock: Clock): Promise<Services> => {
  const box = await openSecretBox(config);
  const db = await openDatabase(config);
  const now = () => new Date(clock.now());
  const configure = async () => {
    await setBlockIntervals(db, config.chainSettleSeconds, clock.now());
    const { webhook } = config;
    if (webhook !== undefined)
      await registerWebhook(db, box, { accountId: DEMO_ACCOUNT, ...webhook, at: now() });
  };
  await migrate(db);
  await seedDemo(db, box, now());
  await configure();
  return {
    db,
    clock,
    box,
    rules: { allowedHosts: config.webhookAllowedHosts, sandbox: config.sandbox },
    reset: async () => {
      await resetDemo(db, box, now());
      await configure();
    },
  };
};
