import { randomBytes } from 'node:crypto';
import { createSigningKey } from '@cpg/protocol';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';

export interface NewWebhook {
  readonly accountId: string;
  /** Held to the rules by the caller. */
  readonly url: string;
  /** Made up when absent. */
  readonly secret?: string | undefined;
  readonly at: Date;
}

export interface RegisteredWebhook {
  readonly id: number;
  readonly url: string;
  /** To be shown now and never again. */
  readonly secret: string;
}

/** The label under which the secret of a webhook is sealed. */
export const webhookLabel = (accountId: string, url: string): string => `webhook:${accountId}:${url}`;

/** Registers where an account's events are delivered to; a URL that is known already gets the new secret. Contract §5. */
export const registerWebhook = async (
  db: Database,
  box: SecretBox,
  { accountId, url, secret = `whsec_${randomBytes(32).toString('base64url')}`, at }: NewWebhook,
): Promise<RegisteredWebhook> => {
  // Refuses what could not sign.
  createSigningKey(secret);
  const sealed_secret = box.seal(secret, webhookLabel(accountId, url));
  const { id } = await db
    .insertInto('webhook_endpoint')
    .values({ account_id: accountId, url, sealed_secret, created_at: at })
    .onConflict((conflict) => conflict.columns(['account_id', 'url']).doUpdateSet({ sealed_secret }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, url, secret };
};

/** Stops deliveries to an endpoint; those that are pending go with it. False when there is none. */
export const removeWebhook = async (db: Database, id: number): Promise<boolean> => {
  const { numDeletedRows } = await db.deleteFrom('webhook_endpoint').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
};
