import { createSigningKey, type Permission } from '@cpg/protocol';
import type { CpgKey, KeyStore } from '@cpg/server-middleware';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

/** Finds API keys in the database and opens their live secrets. */
export const createDatabaseKeyStore = (db: Database, box: SecretBox): KeyStore => ({
  find: async (keyId): Promise<CpgKey | undefined> => {
    const key = await db.selectFrom('api_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
    if (key === undefined) return undefined;
    const secrets = await db
      .selectFrom('api_key_secret')
      .select('sealed_secret')
      .where('key_id', '=', keyId)
      .where('retired_at', 'is', null)
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
