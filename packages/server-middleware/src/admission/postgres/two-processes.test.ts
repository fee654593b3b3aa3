import { describeWithProgram, isCi } from '@cpg/test-support/programs';
import { startAdmissionDatabase } from '@cpg/test-support/server-middleware/postgres';
import { raceTwoProcesses } from '@cpg/test-support/server-middleware/races';
import { expect, it } from 'vitest';

const ROUNDS = isCi ? 100 : 5;
const SIGNATURES = ROUNDS * 100;

describeWithProgram('postgres', 'two processes, one PostgreSQL', () => {
  it(`admit each of ${SIGNATURES} signatures exactly once between them`, async () => {
    const database = await startAdmissionDatabase();
    try {
      const admittedBy = await raceTwoProcesses(database.server.port, 'postgres', ROUNDS);
      const all = admittedBy.flat();
      expect(all).toHaveLength(SIGNATURES);
      expect(new Set(all).size).toBe(SIGNATURES);
      expect(admittedBy.map((got) => got.length > 0)).toEqual([true, true]);
      expect(await database.admitted()).toBe(SIGNATURES);
      expect(await database.recorded()).toBe(SIGNATURES);
    } finally {
      await database.stop();
    }
  });
});
