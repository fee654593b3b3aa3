import type { Database } from '../database/open-database.ts';

export interface ListedKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly permissions: readonly string[];
  readonly sourceIps: readonly string[] | null;
  readonly rateLimitPerMinute: number;
  readonly isRevoked: boolean;
  readonly liveSecrets: number;
}

/** Every key, without its secrets. */
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
    liveSecrets: row.live ?? 0,
  }));
};
