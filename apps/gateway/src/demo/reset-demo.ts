import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { seedDemo } from './seed-demo.ts';

/** Empties every table and seeds the demo again, ids from the start. API keys and webhooks made since are gone. */
export const resetDemo = async (db: Database, box: SecretBox, at: Date): Promise<void> => {
  await sql`TRUNCATE account, network RESTART IDENTITY CASCADE`.execute(db);
  await seedDemo(db, box, at);
};
