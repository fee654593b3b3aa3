import type { AdmissionStore, CpgAuthOptions, KeyStore } from '@cpg/server-middleware';
import type { Router } from 'express';
import type { Logger } from 'pino';
import type { SimulatedChain } from './chain/simulated-chain.ts';
import type { Config, WebhookConfig } from './config.ts';
import { assertNoDemoAccounts, isDemoAccount } from './ledger/accounts.ts';
import { seedCurrencies } from './ledger/currencies.ts';
import type { Admission, Services } from './services.ts';
import { registerWebhook } from './webhooks/endpoints.ts';

/** What a mode may build on. */
export interface GatewayParts extends Services {
  readonly chain: SimulatedChain;
  readonly admission: Admission;
  readonly logger: Logger;
  /** Where the API is served; empty until it is. */
  readonly apiUrl: () => string;
}

/** What a mode adds to a gateway. */
export interface GatewayExtension {
  /** Goes in place of the gateway's own admission store. */
  readonly store: AdmissionStore;
  /** How requests are authenticated beyond the rules: explanations, and observers of the decisions. */
  readonly auth: {
    readonly explain: boolean;
    readonly logger: NonNullable<CpgAuthOptions['logger']>;
    readonly trace: NonNullable<CpgAuthOptions['trace']>;
  };
  /** Served on the operations port, behind its guard. */
  readonly operations: Router;
}

/** How a gateway starts: in service, or as the sandbox, which `main` plugs in. */
export interface GatewayMode {
  /** Brings a migrated database to where this mode starts from. Throws when the mode must not serve that database. */
  prepare(services: Services): Promise<void>;
  /** Which of the stored keys this mode serves; all of them when absent. */
  selectKeys?(keys: KeyStore): KeyStore;
  extend?(parts: GatewayParts): GatewayExtension;
}

/** Registers the webhook of the configuration, if it has one. Throws when its account does not exist. */
export const registerConfiguredWebhook = async (
  { db, box, clock }: Services,
  webhook: WebhookConfig | undefined,
  defaultAccount = '',
): Promise<void> => {
  if (webhook === undefined) return;
  const { accountId = defaultAccount, url, secret } = webhook;
  const account = await db.selectFrom('account').select('id').where('id', '=', accountId).executeTakeFirst();
  if (account === undefined) {
    throw new Error(`CPG_WEBHOOK_ACCOUNT: expected the id of an account: got ${JSON.stringify(accountId)}`);
  }
  await registerWebhook(db, box, { accountId, url, secret, at: new Date(clock.now()) });
};

/** A gateway in service: no demo, no sandbox, and no database that holds either. */
export const serviceMode = (config: Pick<Config, 'webhook'>): GatewayMode => ({
  prepare: async (services) => {
    await assertNoDemoAccounts(services.db);
    await seedCurrencies(services.db);
    await registerConfiguredWebhook(services, config.webhook);
  },
  // A sandbox may fill a shared database after this gateway has looked.
  selectKeys: (keys) => ({
    ...keys,
    find: async (keyId) => {
      const found = await keys.find(keyId);
      return found !== undefined && isDemoAccount(found.accountId) ? undefined : found;
    },
  }),
});
