import { createSigningKey, type Permission } from '@cpg/protocol';
import type { CpgKey, KeyStore } from '@cpg/server-middleware';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { Schema } from '../database/schema.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { inTransaction } from '../database/transactions.ts';
import type { Services } from '../services.ts';

export interface NewApiKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly secret: string;
  readonly permissions: readonly Permission[];
  /** Addresses and CIDR ranges. @default any address */
  readonly sourceIps?: readonly string[];
  readonly rateLimitPerMinute: number;
  readonly revokedAt?: Date;
}

/** Stores an API key with its encrypted secret. */
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
    .values({ key_id: key.keyId, ...box.seal(key.secret, key.keyId), retired_at: null })
    .execute();
};

/** A key store that reads API keys from the database and decrypts their active secrets. */
export const createDatabaseKeyStore = ({
  db,
  box,
  clock,
}: Pick<Services, 'db' | 'box' | 'clock'>): KeyStore => ({
  find: async (keyId): Promise<CpgKey | undefined> => {
    const key = await db.selectFrom('api_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
    if (key === undefined) return undefined;
    const secrets = await db
      .selectFrom('api_key_secret')
      .select('sealed_secret')
      .where('key_id', '=', keyId)
      .where((either) =>
        either.or([either('retired_at', 'is', null), either('retired_at', '>', new Date(clock.now()))]),
      )
      .orderBy('id', 'desc')
      .execute();
    return {
      keyId: key.key_id,
      accountId: key.account_id,
      signingKeys: secrets.map((secret) => createSigningKey(box.open(secret.sealed_secret, keyId))),
      permissions: key.permissions as Permission[],
      rateLimitPerMinute: key.rate_limit_per_minute,
      revoked: key.revoked_at !== null,
      ...(key.source_ips === null ? {} : { sourceIps: key.source_ips }),
    };
  },
});

export interface KeyRotation {
  readonly keyId: string;
  readonly secret: string;
  readonly at: Date;
  /** When the current secret stops working. */
  readonly retireAt: Date;
}

/**
 * Adds a secret to a key. The current secret works until `retireAt`; older ones stop working now, so at most
 * two are active. Returns false when the key does not exist or is revoked.
 */
export const rotateApiKey = (db: Database, box: SecretBox, rotation: KeyRotation): Promise<boolean> =>
  inTransaction(db, async (transaction) => {
    const { keyId, secret, at, retireAt } = rotation;
    const key = await transaction
      .selectFrom('api_key')
      .select('key_id')
      .where('key_id', '=', keyId)
      .where('revoked_at', 'is', null)
      .forUpdate()
      .executeTakeFirst();
    if (key === undefined) return false;
    await transaction
      .updateTable('api_key_secret')
      .set({
        retired_at: sql<Date>`CASE WHEN retired_at IS NULL THEN ${retireAt}::timestamptz
          ELSE LEAST(retired_at, ${at}::timestamptz) END`,
      })
      .where('key_id', '=', keyId)
      .execute();
    await transaction
      .insertInto('api_key_secret')
      .values({ key_id: keyId, ...box.seal(secret, keyId), retired_at: null })
      .execute();
    return true;
  });

/** Revokes a key permanently. Returns false when the key does not exist or is already revoked. */
export const revokeApiKey = async (db: Database, keyId: string, at: Date): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

export interface ListedKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly permissions: readonly string[];
  readonly sourceIps: readonly string[] | null;
  readonly rateLimitPerMinute: number;
  readonly isRevoked: boolean;
  readonly activeSecrets: number;
}

/** Lists every key, without secrets. */
export const listApiKeys = async (db: Database, at: Date): Promise<ListedKey[]> => {
  const rows = await db
    .selectFrom('api_key')
    .selectAll()
    .select((key) =>
      key
        .selectFrom('api_key_secret')
        .select((count) => count.fn.countAll<number>().as('live'))
        .whereRef('api_key_secret.key_id', '=', 'api_key.key_id')
        .where((either) => either.or([either('retired_at', 'is', null), either('retired_at', '>', at)]))
        .as('live'),
    )
    .orderBy('key_id')
    .execute();
  return rows.map((row) => ({
    keyId: row.key_id,
    accountId: row.account_id,
    permissions: row.permissions,
    sourceIps: row.source_ips,
    rateLimitPerMinute: row.rate_limit_per_minute,
    isRevoked: row.revoked_at !== null,
    activeSecrets: row.live ?? 0,
  }));
};
