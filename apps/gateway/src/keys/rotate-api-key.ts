import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import { inTransaction } from '../database/transactions.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

export interface KeyRotation {
  readonly keyId: string;
  readonly secret: string;
  readonly at: Date;
  /** Until when the secret of now goes on signing. */
  readonly retireAt: Date;
}

/**
 * Gives a key a new secret; the one before goes on signing for a while, and any older one ends now, so that at most two are
 * live. False when there is no such key, or it is revoked.
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
      .values({ key_id: keyId, sealed_secret: box.seal(secret, keyId), retired_at: null })
      .execute();
    return true;
  });
