import { describeWithProgram } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { raceTwoProcesses } from '@cpg/test-support/server-middleware/races';
import { expect, it } from 'vitest';

describeWithProgram('redis-server', 'two processes, one Redis', () => {
  it('admit each of 10,000 signatures exactly once between them', async () => {
    const server = await RedisServer.start();
    try {
      const admittedBy = await raceTwoProcesses(server.port, 'node-redis', 100);
      const all = admittedBy.flat();
      expect(all).toHaveLength(10_000);
      expect(new Set(all).size).toBe(10_000);
      expect(admittedBy.map((got) => got.length > 0)).toEqual([true, true]);
    } finally {
      await server.stop();
    }
  });
});
