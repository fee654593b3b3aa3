import { isRejection, type Rejection } from '@cpg/protocol';
import type { Transaction } from 'kysely';
import type { Database } from './open-database.ts';
import type { Schema } from './schema.ts';

class Rollback extends Error {
  readonly rejection: Rejection;
  constructor(rejection: Rejection) {
    super('rolled back');
    this.rejection = rejection;
  }
}

/** Runs work in a transaction, which is rolled back when the work ends in a rejection. */
export const rollbackOnRejection = async <T>(
  db: Database,
  work: (transaction: Transaction<Schema>) => Promise<T | Rejection>,
): Promise<T | Rejection> => {
  try {
    return await db.transaction().execute(async (transaction) => {
      const result = await work(transaction);
      if (isRejection(result)) throw new Rollback(result);
      return result;
    });
  } catch (error) {
    if (error instanceof Rollback) return error.rejection;
    throw error;
  }
};
