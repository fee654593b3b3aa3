import { type Kysely, sql } from 'kysely';

/** A migration that runs its statements one after the other. */
export const runStatements = (statements: readonly string[]) => ({
  up: async (db: Kysely<unknown>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});
