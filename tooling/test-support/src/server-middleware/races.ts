import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Backend } from './race-process.ts';

const PER_ROUND = 100;
const PROGRAM = fileURLToPath(import.meta.resolve('@cpg/test-support/server-middleware/race-process'));

const startRacer = async (port: number, backend: Backend): Promise<ChildProcess> => {
  const racer = fork(PROGRAM, [String(port), backend], { execArgv: ['--conditions=@cpg/source'] });
  await once(racer, 'message');
  return racer;
};

const runRound = async (racers: readonly ChildProcess[], indices: readonly number[]): Promise<number[][]> => {
  const responses = racers.map((racer) => once(racer, 'message'));
  for (const racer of racers) racer.send(indices);
  return (await Promise.all(responses)).map(([admitted]) => admitted as number[]);
};

/** Lets two processes compete for 100 signatures a round; returns the signatures that each admitted. */
export const raceTwoProcesses = async (port: number, backend: Backend, rounds: number) => {
  const racers = await Promise.all([startRacer(port, backend), startRacer(port, backend)]);
  const admittedBy: number[][] = [[], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const indices = Array.from({ length: PER_ROUND }, (_, index) => round * PER_ROUND + index);
      // In turn, so that neither is always the first to be told.
      const isSwapped = round % 2 === 1;
      const admitted = await runRound(isSwapped ? racers.toReversed() : racers, indices);
      for (const [position, got] of (isSwapped ? admitted.toReversed() : admitted).entries()) {
        admittedBy[position]?.push(...got);
      }
    }
  } finally {
    for (const racer of racers) racer.disconnect();
  }
  return admittedBy;
};
