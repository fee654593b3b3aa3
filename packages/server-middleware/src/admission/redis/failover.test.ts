import { describeInCi } from '@cpg/test-support/programs';
import { failOver } from '@cpg/test-support/server-middleware/redis-failover';
import { expect, it } from 'vitest';

// Enough that hundreds are lost without waitReplicas. `npm run bench redis-failover` does it with 25,000.
const LOAD = { signal: 'SIGSTOP', signatures: 1_500, lanes: 128, lagMs: 20 } as const;

describeInCi('a Sentinel failover under load, whose old master hangs and comes back', () => {
  it.each(['node-redis', 'ioredis'] as const)(
    'is over within five seconds, and no signature is admitted twice, with waitReplicas on %s',
    { timeout: 120_000 },
    async (library) => {
      const result = await failOver({ ...LOAD, library, waitReplicas: 1 });
      expect(result).toMatchObject({ replaysAccepted: 0, acceptedByOldMaster: 0 });
      expect(result.admitted).toBeGreaterThan(2 * LOAD.signatures);
      // Five seconds, on an idle machine.
      expect(result.backAfterMs).toBeLessThan(15_000);
    },
  );

  it('loses signatures without waitReplicas, so the test can tell', { timeout: 120_000 }, async () => {
    const result = await failOver({ ...LOAD, library: 'ioredis', waitReplicas: 0 });
    expect(result.replaysAccepted).toBeGreaterThan(0);
    expect(result.acceptedByOldMaster).toBeGreaterThan(0);
  });
});
