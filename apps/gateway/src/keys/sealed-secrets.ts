import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../database/secret-box.ts';
import { inTransaction } from '../database/transactions.ts';
import { getWebhookLabel } from '../webhooks/endpoints.ts';

/** The tables of secrets, with the columns that their labels are made of. */
const TABLES = {
  api_key_secret: sql`key_id AS name, NULL AS account_id`,
  webhook_endpoint: sql`url AS name, account_id`,
} as const;
const NAMES = ['api_key_secret', 'webhook_endpoint'] as const;

export interface Sealed {
  readonly sealed_secret: string;
  readonly label: string;
}

interface SecretRow {
  readonly id: number;
  readonly sealed_secret: string;
  /** The key id, or the URL of a webhook. */
  readonly name: string;
  /** `null` for an API key. */
  readonly account_id: string | null;
}

const getLabel = ({ account_id, name }: SecretRow): string =>
  account_id === null ? name : getWebhookLabel(account_id, name);

/** Finds a secret from before the versions of master keys, if any. */
export const findUnversionedSecret = async (db: Database): Promise<Sealed | undefined> => {
  for (const table of NAMES) {
    const { rows } = await sql<SecretRow>`
      SELECT id, sealed_secret, ${TABLES[table]} FROM ${sql.table(table)}
      WHERE key_version IS NULL LIMIT 1`.execute(db);
    if (rows[0] !== undefined) return { ...rows[0], label: getLabel(rows[0]) };
  }
  return undefined;
};

/** Secrets by the version of the master key that encrypts them; `null` for those from before versions. */
export interface SecretCount {
  readonly version: string | null;
  readonly secrets: number;
}

export const countSecrets = async (db: Database): Promise<readonly SecretCount[]> => {
  const { rows } = await sql<SecretCount>`
    SELECT key_version AS version, COUNT(*) AS secrets
    FROM (SELECT key_version FROM api_key_secret UNION ALL SELECT key_version FROM webhook_endpoint) AS secret
    GROUP BY key_version ORDER BY key_version`.execute(db);
  return rows;
};

/** `<>` would not use the index. */
const isStale = ({ keyVersion }: SecretBox) =>
  sql`(key_version IS NULL OR key_version < ${keyVersion} OR key_version > ${keyVersion})`;

/** Counts the secrets that the sealing key of a box does not encrypt. */
export const countStaleSecrets = async (db: Database, box: SecretBox): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    SELECT (SELECT COUNT(*) FROM api_key_secret WHERE ${isStale(box)})
      + (SELECT COUNT(*) FROM webhook_endpoint WHERE ${isStale(box)}) AS count`.execute(db);
  return rows[0]?.count ?? 0;
};

// Rows are locked for one batch.
const BATCH_SIZE = 100;

export interface ReencryptedSecrets {
  readonly reencrypted: number;
  /** Secrets that no configured key opens, such as `api_key_secret 7`. */
  readonly unreadable: readonly string[];
}

/**
 * Re-encrypts the secrets that the active master key does not encrypt yet, in batches. Does nothing when another
 * process has activated another key. Safe in several processes at once, and after a crash at any point: each batch
 * is one transaction, and the previous key stays necessary until the last secret has changed.
 */
export const reencryptSecrets = async (
  db: Database,
  box: SecretBox,
  signal?: AbortSignal,
): Promise<ReencryptedSecrets> => {
  let reencrypted = 0;
  const unreadable: string[] = [];
  for (const table of NAMES) {
    let cursor: number | undefined = 0;
    while (cursor !== undefined && !signal?.aborted && (await isActiveMasterKey(db, box))) {
      const batch: Batch = await reencryptBatch(db, box, { table, cursor });
      reencrypted += batch.reencrypted;
      unreadable.push(...batch.unreadable.map((id) => `${table} ${id}`));
      cursor = batch.next;
    }
  }
  return { reencrypted, unreadable };
};

const isActiveMasterKey = async (db: Database, box: SecretBox): Promise<boolean> => {
  const check = await db.selectFrom('master_key_check').select('key_version').executeTakeFirst();
  return check?.key_version === box.keyVersion;
};

interface Batch {
  readonly reencrypted: number;
  readonly unreadable: readonly number[];
  /** The last id of the batch; `undefined` after the last batch. */
  readonly next: number | undefined;
}

interface BatchStart {
  readonly table: (typeof NAMES)[number];
  readonly cursor: number;
}

const reencryptBatch = (db: Database, box: SecretBox, { table, cursor }: BatchStart): Promise<Batch> =>
  inTransaction(db, async (transaction) => {
    // A row that is locked is left for the next round.
    const { rows } = await sql<SecretRow>`
      SELECT id, sealed_secret, ${TABLES[table]} FROM ${sql.table(table)}
      WHERE id > ${cursor} AND ${isStale(box)}
      ORDER BY id LIMIT ${BATCH_SIZE} FOR UPDATE SKIP LOCKED`.execute(transaction);
    const unreadable: number[] = [];
    const sealed = rows.flatMap((row) => {
      const label = getLabel(row);
      try {
        return [{ id: row.id, ...box.seal(box.open(row.sealed_secret, label), label) }];
      } catch {
        unreadable.push(row.id);
        return [];
      }
    });
    await sql`
      UPDATE ${sql.table(table)} AS secret
      SET sealed_secret = changed.sealed_secret, key_version = changed.key_version
      FROM json_to_recordset(${JSON.stringify(sealed)}::json)
        AS changed (id bigint, sealed_secret text, key_version text)
      WHERE secret.id = changed.id`.execute(transaction);
    const next = rows.length === BATCH_SIZE ? rows.at(-1)?.id : undefined;
    return { reencrypted: sealed.length, unreadable, next };
  });

/** Re-encrypts as {@link reencryptSecrets}, and logs what it did and could not do. */
export const reencryptInBackground = async (
  { db, box }: { readonly db: Database; readonly box: SecretBox },
  logger: Logger,
  signal: AbortSignal,
): Promise<void> => {
  const { reencrypted, unreadable } = await reencryptSecrets(db, box, signal);
  const { keyVersion } = box;
  if (reencrypted > 0) logger.info({ reencrypted, keyVersion }, 'secrets re-encrypted');
  if (unreadable.length > 0) {
    const secrets = unreadable.slice(0, BATCH_SIZE);
    logger.error({ code: 'secrets_unreadable', secrets }, 'no configured master key opens some secrets');
  }
};
