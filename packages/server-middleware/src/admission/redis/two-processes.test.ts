import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describeWithProgram } from '@cpg/test-support/programs';
import { RedisServer } from '@cpg/test-support/redis';
import { expect, it } from 'vitest';

const ROUNDS = 100;
const PER_ROUND = 100;
const PROGRAM = fileURLToPath(import.meta.resolve('@cpg/test-support/server-middleware/race-process'));

const startRacer = async (port: number, library: number): Promise<ChildProcess> => {
  const racer = fork(PROGRAM, [port, library].map(String), { execArgv: ['--conditions=@cpg/source'] });
  await once(racer, 'message');
  return racer;
};

const runRound = async (racers: readonly ChildProcess[], indices: readonly number[]): Promise<number[][]> => {
  const responses = racers.map((racer) => once(racer, 'message'));
  for (const racer of racers) racer.send(indices);
  return (await Promise.all(responses)).map(([admitted]) => admitted as number[]);
};

describeWithProgram('redis-server', 'two processes, one Redis', () => {
  it('admit each of 10,000 signatures exactly once between them', async () => {
    const server = await RedisServer.start();
    const racers = await Promise.all([startRacer(server.port, 0), startRacer(server.port, 1)]);
    try {
      const admittedBy: number[][] = [[], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        const indices = Array.from({ length: PER_ROUND }, (_, index) => round * PER_ROUND + index);
        // In turn, so that neither is always the first to be told.
        const isSwapped = round % 2 === 1;
        const admitted = await runRound(isSwapped ? racers.toReversed() : racers, indices);
        for (const [position, got] of (isSwapped ? admitted.toReversed() : admitted).entries()) {
          admittedBy[position]?.push(...got);
        }
      }
      const all = admittedBy.flat();
      expect(all).toHaveLength(ROUNDS * PER_ROUND);
      expect(new Set(all).size).toBe(ROUNDS * PER_ROUND);
      expect(admittedBy.map((got) => got.length > 0)).toEqual([true, true]);
    } finally {
      for (const racer of racers) racer.disconnect();
      await server.stop();
    }
  });
});
