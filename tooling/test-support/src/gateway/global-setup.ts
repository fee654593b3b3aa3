import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedDatabase } from '@cpg/gateway/database/create-embedded-database.ts';
import { migrate } from '@cpg/gateway/database/migrate.ts';
import type { Schema } from '@cpg/gateway/database/schema.ts';
import { Kysely, PGliteDialect } from 'kysely';
import type { TestProject } from 'vitest/node';
import { createPostgresTemplate } from '../postgres.ts';

/**
 * Creates, once a run, what each database of the tests starts as: creating one from nothing takes seconds.
 */
export default async (project: TestProject): Promise<() => void> => {
  const folder = mkdtempSync(join(tmpdir(), 'cpg-gateway-tests-'));
  const pglite = await createEmbeddedDatabase();
  const db = new Kysely<Schema>({ dialect: new PGliteDialect({ pglite }) });
  await migrate(db);
  const dump = await pglite.dumpDataDir('none');
  await db.destroy();
  const file = join(folder, 'embedded.tar');
  writeFileSync(file, Buffer.from(await dump.arrayBuffer()));
  project.provide('embeddedDump', file);
  const deleteTemplate = createPostgresTemplate();
  return () => {
    deleteTemplate();
    rmSync(folder, { recursive: true });
  };
};
