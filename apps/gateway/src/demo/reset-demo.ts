import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { seedDemo } from './seed-demo.ts';

/** Empties every table and seeds the demo again, ids from the start. API keys and webhooks made since are gone. */
export const resetDemo = async (db: Database, box: SecretBox, at: Date): Promise<void> => {
  await empty(db, MOST_ATTEMPTS);
  await seedDemo(db, box, at);
};

const MOST_ATTEMPTS = 5;
const DEADLOCK = '40P01';

// It locks every table, and may meet the chain on its way in the other direction.
const empty = async (db: Database, attempts: number): Promise<void> => {
  try {
    await sql`TRUNCATE account, network RESTART IDENTITY CASCADE`.execute(db);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== DEADLOCK || attempts === 1) throw error;
    await empty(db, attempts - 1);
  }
};
