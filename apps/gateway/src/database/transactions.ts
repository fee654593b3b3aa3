import { setTimeout as wait } from 'node:timers/promises';
import { isRejection, type Rejection } from '@cpg/protocol';
import type { Transaction } from 'kysely';
import { DatabaseUnavailableError } from './database-unavailable.ts';
import type { Database } from './open-database.ts';
import { isPreparationFailure } from './prepared-statements.ts';
import type { Schema } from './schema.ts';

const MAX_ATTEMPTS = 5;
const MAX_BACKOFF_MS = 20;
// Serialization failure and deadlock: the database rolled the transaction back and expects a retry.
const CONFLICT_STATES: readonly unknown[] = ['40001', '40P01'];

/**
 * Runs work in a transaction, and retries it after a serialization failure or a deadlock. The work must
 * therefore have no side effects outside the database.
 *
 * @throws DatabaseUnavailableError when the database is unreachable, or every attempt hit a conflict.
 */
export const inTransaction = <T>(
  db: Database,
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> => retryConflicts(() => db.transaction().execute(work));

/**
 * Retries work that the database rolled back because of a serialization failure or a deadlock, or because it did not know
 * a prepared statement.
 */
export const retryConflicts = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw error;
      await wait(Math.random() * MAX_BACKOFF_MS * attempt);
    }
  }
};

const isConflict = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableError &&
  (CONFLICT_STATES.includes(error.code) || isPreparationFailure(error.cause));

class Rollback extends Error {
  readonly rejection: Rejection;
  constructor(rejection: Rejection) {
    super('rolled back');
    this.rejection = rejection;
  }
}

/** Like {@link inTransaction}; a rejection rolls the transaction back and is returned. */
export const rollbackOnRejection = async <T>(
  db: Database,
  work: (transaction: Transaction<Schema>) => Promise<T | Rejection>,
): Promise<T | Rejection> => {
  try {
    return await inTransaction(db, async (transaction) => {
      const result = await work(transaction);
      if (isRejection(result)) throw new Rollback(result);
      return result;
    });
  } catch (error) {
    if (error instanceof Rollback) return error.rejection;
    throw error;
  }
};
