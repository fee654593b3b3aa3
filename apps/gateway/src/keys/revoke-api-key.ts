import type { Database } from '../database/open-database.ts';

/** Ends a key for good: it is answered as an unknown one. False when there is none, or it is revoked already. */
export const revokeApiKey = async (db: Database, keyId: string, at: Date): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};
