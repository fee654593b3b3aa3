import { type Postgres, startPostgres } from '@cpg/test-support/postgres';
import { describeWithProgram } from '@cpg/test-support/programs';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Config } from '../config.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** Starts a gateway on its own database. */
export type StartTestGateway = (differences?: Partial<Config>) => Promise<TestGateway>;

/** Runs the same tests on the embedded database and on a PostgreSQL server. */
export const describeOnEachDatabase = (body: (start: StartTestGateway) => void): void => {
  describe('on the embedded database', () => body(startTestGateway));
  describeWithProgram('postgres', 'on PostgreSQL', () => {
    let postgres: Postgres;
    let databases = 0;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.stop());
    body((differences) => {
      databases += 1;
      const databaseUrl = postgres.createDatabase(`cpg_${databases}`);
      return startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32), ...differences });
    });
  });
};
