import type { Permission } from '@cpg/protocol';
import type { Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

export interface NewApiKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly secret: string;
  readonly permissions: readonly Permission[];
  /** Addresses and CIDR ranges; any address when absent. */
  readonly sourceIps?: readonly string[];
  readonly rateLimitPerMinute: number;
  readonly revokedAt?: Date;
}

/** Stores an API key, its secret encrypted. */
export const createApiKey = async (
  db: Database | Transaction<Schema>,
  box: SecretBox,
  key: NewApiKey,
): Promise<void> => {
  await db
    .insertInto('api_key')
    .values({
      key_id: key.keyId,
      account_id: key.accountId,
      permissions: [...key.permissions],
      source_ips: key.sourceIps === undefined ? null : [...key.sourceIps],
      rate_limit_per_minute: key.rateLimitPerMinute,
      revoked_at: key.revokedAt ?? null,
    })
    .execute();
  await db
    .insertInto('api_key_secret')
    .values({ key_id: key.keyId, sealed_secret: box.seal(key.secret, key.keyId), retired_at: null })
    .execute();
};
