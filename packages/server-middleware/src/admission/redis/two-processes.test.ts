import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describeWithProgram } from '@cpg/test-support';
import { expect, it } from 'vitest';
import { RedisServer } from '../../../test/redis-server.ts';

const SIGNATURES = 10_000;
const PROGRAM = fileURLToPath(new URL('../../../test/race-process.ts', import.meta.url));

const startRacer = async (port: number, library: number): Promise<ChildProcess> => {
  const racer = fork(PROGRAM, [port, library, SIGNATURES].map(String), {
    execArgv: ['--conditions=@cpg/source'],
  });
  await once(racer, 'message');
  return racer;
};

describeWithProgram('redis-server', 'two processes, one Redis', () => {
  it('admit each of 10,000 signatures exactly once between them', async () => {
    const server = await RedisServer.start();
    try {
      const racers = await Promise.all([startRacer(server.port, 0), startRacer(server.port, 1)]);
      const answers = racers.map((racer) => once(racer, 'message'));
      for (const racer of racers) racer.send('go');
      const admitted = (await Promise.all(answers)).map(([indices]) => indices as number[]);
      expect(admitted.map((indices) => indices.length > 0)).toEqual([true, true]);
      const all = admitted.flat();
      expect(all).toHaveLength(SIGNATURES);
      expect(new Set(all).size).toBe(SIGNATURES);
    } finally {
      await server.stop();
    }
  });
});
