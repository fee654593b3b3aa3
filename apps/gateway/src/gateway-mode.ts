import type { AdmissionStore, CpgAuthOptions, KeyStore } from '@cpg/server-middleware';
import type { RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { SimulatedChain } from './chain/simulated-chain.ts';
import type { Config, WebhookConfig } from './config.ts';
import { StartError } from './database/start-error.ts';
import { assertNoDemoAccounts, hasAccount, isDemoAccount } from './ledger/accounts.ts';
import { seedCurrencies } from './ledger/currencies.ts';
import type { Admission, Services } from './services.ts';
import { registerWebhook } from './webhooks/endpoints.ts';

/** The parts of a gateway that a mode can use. */
export interface GatewayParts extends Services {
  readonly chain: SimulatedChain;
  readonly admission: Admission;
  readonly logger: Logger;
  /** URL of the API; empty until the gateway listens. */
  readonly apiUrl: () => string;
}

/** What a mode adds to a gateway. */
export interface GatewayExtension {
  /** Replaces the gateway's admission store. */
  readonly store: AdmissionStore;
  /** Authentication options: explanations of invalid signatures, and observers of the decisions. */
  readonly auth: {
    readonly explain: boolean;
    readonly logger: NonNullable<CpgAuthOptions['logger']>;
    readonly trace: NonNullable<CpgAuthOptions['trace']>;
  };
  /** Observes the requests to the API. */
  readonly requests: RequestHandler;
  /** Mounted on the operations port, behind its guard. */
  readonly operations: Router;
  /** Ends what would delay the shutdown. */
  readonly close: () => void;
}

/** How a gateway starts: as a service, or as the sandbox, which `main` plugs in. */
export interface GatewayMode {
  /** Prepares a migrated database for this mode. Throws when the mode must not serve that database. */
  prepare(services: Services): Promise<void>;
  /** Restricts the stored keys to those this mode serves. @default all keys */
  selectKeys?(keys: KeyStore): KeyStore;
  extend?(parts: GatewayParts): GatewayExtension;
}

/** Registers the configured webhook, if any. Throws when its account does not exist. */
export const registerConfiguredWebhook = async (
  { db, box, clock }: Services,
  webhook: WebhookConfig | undefined,
  defaultAccount = '',
): Promise<void> => {
  if (webhook === undefined) return;
  const { accountId = defaultAccount, url, secret } = webhook;
  if (!(await hasAccount(db, accountId))) {
    throw new StartError(
      'unknown_webhook_account',
      `CPG_WEBHOOK_ACCOUNT: expected the id of an account: got ${JSON.stringify(accountId)}`,
    );
  }
  await registerWebhook(db, box, { accountId, url, secret, at: new Date(clock.now()) });
};

/** The mode of `npm run gateway`: it rejects a database with demo accounts, and never serves their keys. */
export const createServiceMode = (config: Pick<Config, 'webhook'>): GatewayMode => ({
  prepare: async (services) => {
    await assertNoDemoAccounts(services.db);
    await seedCurrencies(services.db);
    await registerConfiguredWebhook(services, config.webhook);
  },
  // A sandbox may write demo accounts to a shared database after the check at start.
  selectKeys: (keys) => ({
    ...keys,
    find: async (keyId) => {
      const found = await keys.find(keyId);
      return found !== undefined && isDemoAccount(found.accountId) ? undefined : found;
    },
  }),
});
