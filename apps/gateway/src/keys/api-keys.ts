import { randomBytes } from 'node:crypto';
import { createSigningKey, type Permission } from '@cpg/protocol';
import type { CpgKey, KeyStore } from '@cpg/server-middleware';
import { type Selectable, sql, type Transaction } from 'kysely';
import { type Database, runStatement } from '../database/open-database.ts';
import type { AccountTables, Schema } from '../database/schema.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { inTransaction } from '../database/transactions.ts';
import type { Services } from '../services.ts';

/** A random secret, and a random id, of a new key. */
export const createKeySecret = (): string => `cpg_${randomBytes(32).toString('base64url')}`;
export const createKeyId = (): string => `ck_${randomBytes(12).toString('hex')}`;

export interface NewApiKey {
  readonly keyId: string;
  readonly accountId: string;
  /** Its name, for people. @default none */
  readonly label?: string;
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
      label: key.label ?? '',
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

type KeyServices = Pick<Services, 'db' | 'box' | 'clock'>;

interface FoundKey {
  readonly key: CpgKey;
  /** When the next of its secrets stops working, in Unix milliseconds. */
  readonly until: number;
}

interface KeyWithSecrets extends Selectable<AccountTables['api_key']> {
  readonly sealed_secrets: readonly string[];
  readonly next_retirement: Date | null;
}

const FIND_KEY = `
  SELECT api_key.*,
    ARRAY(
      SELECT sealed_secret FROM api_key_secret secret
      WHERE secret.key_id = $1 AND (retired_at IS NULL OR retired_at > $2) ORDER BY id DESC
    ) AS sealed_secrets,
    (SELECT min(retired_at) FROM api_key_secret secret
      WHERE secret.key_id = $1 AND retired_at > $2) AS next_retirement
  FROM api_key WHERE key_id = $1`;

const findKey = async ({ db, box, clock }: KeyServices, keyId: string): Promise<FoundKey | undefined> => {
  const [row] = await runStatement<KeyWithSecrets>(db, FIND_KEY, [keyId, new Date(clock.now())]);
  if (row === undefined) return undefined;
  return {
    key: {
      keyId: row.key_id,
      accountId: row.account_id,
      signingKeys: row.sealed_secrets.map((sealed) => createSigningKey(box.open(sealed, keyId))),
      permissions: row.permissions as Permission[],
      rateLimitPerMinute: row.rate_limit_per_minute,
      revoked: row.revoked_at !== null,
      ...(row.source_ips === null ? {} : { sourceIps: row.source_ips }),
    },
    until: row.next_retirement?.getTime() ?? Number.POSITIVE_INFINITY,
  };
};

// Bounds memory, to about 1 kB each.
const MAX_WARM_KEYS = 100_000;

/**
 * A key store that reads API keys from the database and decrypts their active secrets. Keys stay in memory until one of
 * them changes, which is found out by one statement for all of them, and only when there are requests. Requests wait for
 * it only when the last one is older than `maxAgeMs`; until then it runs beside them. Without the database the store fails;
 * it never serves keys that were not checked in time.
 */
export const createDatabaseKeyStore = (services: KeyServices, maxAgeMs = 1_000): KeyStore => {
  const { db, clock } = services;
  const warm = new Map<string, FoundKey>();
  let version = -1;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let check: Promise<void> | undefined;

  const checkVersion = async (): Promise<void> => {
    const startedAt = performance.now();
    const row = await db.selectFrom('api_key_version').select('version').executeTakeFirstOrThrow();
    if (row.version !== version) warm.clear();
    version = row.version;
    checkedAt = startedAt;
  };

  const findWarm = (keyId: string): CpgKey | undefined => {
    const found = warm.get(keyId);
    return found !== undefined && clock.now() < found.until ? found.key : undefined;
  };

  const find = async (keyId: string): Promise<CpgKey | undefined> => {
    const age = performance.now() - checkedAt;
    if (age >= maxAgeMs / 2) {
      check ??= checkVersion().finally(() => {
        check = undefined;
      });
      if (age >= maxAgeMs) await check;
      // A failure beside the requests is that of the next one that waits.
      else check.catch(() => undefined);
    }
    const key = findWarm(keyId);
    if (key !== undefined) return key;
    const versionBefore = version;
    const found = await findKey(services, keyId);
    // What was read before a change that is known by now must not stay.
    if (found !== undefined && version === versionBefore) {
      if (warm.size >= MAX_WARM_KEYS) warm.clear();
      warm.set(keyId, found);
    }
    return found?.key;
  };
  return { find };
};

/** What a key may do. */
export interface KeySettings {
  readonly label: string;
  readonly permissions: readonly Permission[];
  /** Addresses and CIDR ranges; empty allows any address. */
  readonly sourceIps: readonly string[];
  readonly rateLimitPerMinute: number;
}

/** Changes what a key may do, within two seconds. Returns false when the key does not exist or is revoked. */
export const changeApiKey = async (db: Database, keyId: string, settings: KeySettings): Promise<boolean> => {
  const { label, permissions, sourceIps, rateLimitPerMinute } = settings;
  const { numUpdatedRows } = await db
    .updateTable('api_key')
    .set({
      label,
      permissions: [...permissions],
      source_ips: sourceIps.length === 0 ? null : [...sourceIps],
      rate_limit_per_minute: rateLimitPerMinute,
    })
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

export interface KeyRotation {
  readonly keyId: string;
  readonly secret: string;
  readonly at: Date;
  /** When the current secret stops working. */
  readonly retireAt: Date;
  /** Called before the rotation is committed; a rejection undoes it. */
  readonly onStored?: () => Promise<void>;
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
    await rotation.onStored?.();
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
  readonly label: string;
  readonly permissions: readonly string[];
  readonly sourceIps: readonly string[] | null;
  readonly rateLimitPerMinute: number;
  readonly isRevoked: boolean;
  readonly revokedAt: Date | null;
  readonly activeSecrets: number;
  /** When the previous secret stops working, if it still works. */
  readonly overlapUntil: Date | null;
}

/** Lists every key, without secrets. */
export const listApiKeys = async (db: Database, at: Date): Promise<ListedKey[]> => {
  const rows = await db
    .selectFrom('api_key')
    .selectAll()
    .select((key) => [
      key
        .selectFrom('api_key_secret')
        .select((count) => count.fn.countAll<number>().as('live'))
        .whereRef('api_key_secret.key_id', '=', 'api_key.key_id')
        .where((either) => either.or([either('retired_at', 'is', null), either('retired_at', '>', at)]))
        .as('live'),
      key
        .selectFrom('api_key_secret')
        .select((latest) => latest.fn.max('retired_at').as('overlap'))
        .whereRef('api_key_secret.key_id', '=', 'api_key.key_id')
        .where('retired_at', '>', at)
        .as('overlap'),
    ])
    .orderBy('key_id')
    .execute();
  return rows.map((row) => ({
    keyId: row.key_id,
    accountId: row.account_id,
    label: row.label,
    permissions: row.permissions,
    sourceIps: row.source_ips,
    rateLimitPerMinute: row.rate_limit_per_minute,
    isRevoked: row.revoked_at !== null,
    revokedAt: row.revoked_at,
    activeSecrets: row.live ?? 0,
    overlapUntil: row.overlap,
  }));
};
