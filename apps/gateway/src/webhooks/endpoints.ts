import { randomBytes } from 'node:crypto';
import { createSigningKey } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';

export interface NewWebhook {
  readonly accountId: string;
  /** The caller checks the URL rules. */
  readonly url: string;
  /** @default a random secret */
  readonly secret?: string | undefined;
  readonly at: Date;
}

export interface RegisteredWebhook {
  readonly id: number;
  readonly url: string;
  /** Shown to the user once, and never again. */
  readonly secret: string;
}

/** The label that a webhook's secret is sealed with. */
export const getWebhookLabel = (accountId: string, url: string): string => `webhook:${accountId}:${url}`;

/**
 * Registers a webhook for an account's events. A URL that is already registered gets the new secret. Wire
 * protocol §5.
 */
export const registerWebhook = async (
  db: Database,
  box: SecretBox,
  { accountId, url, secret = `whsec_${randomBytes(32).toString('base64url')}`, at }: NewWebhook,
): Promise<RegisteredWebhook> => {
  // Throws when the secret cannot be used to sign.
  createSigningKey(secret);
  const sealed_secret = box.seal(secret, getWebhookLabel(accountId, url));
  const { id } = await db
    .insertInto('webhook_endpoint')
    .values({ account_id: accountId, url, sealed_secret, created_at: at })
    .onConflict((conflict) => conflict.columns(['account_id', 'url']).doUpdateSet({ sealed_secret }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, url, secret };
};

/** Removes a webhook with its pending deliveries. Returns false when it does not exist. */
export const removeWebhook = async (db: Database, id: number): Promise<boolean> => {
  const { numDeletedRows } = await db.deleteFrom('webhook_endpoint').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
};
