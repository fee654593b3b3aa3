import { createSigningKey, type Permission } from '@cpg/protocol';
import type { CpgKey, KeyStore } from '@cpg/server-middleware';
import type { Services } from '../services.ts';

/** Finds API keys in the database and opens their live secrets. */
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
