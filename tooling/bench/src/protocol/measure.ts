import type { Operation } from './contender.ts';

export interface Measured {
  /** CPU microseconds an operation, the median of all rounds. */
  readonly microseconds: number;
  /** Of the first operation's time in the same round, the median of all rounds. */
  readonly ratio: number;
}

const SLICE_MICROSECONDS = 20_000;

/** CPU time of the whole process, collector threads too, in microseconds: other processes do not show in it. */
const time = async (operation: Operation, times: number): Promise<number> => {
  const start = process.cpuUsage();
  if (operation() instanceof Promise) for (let i = 1; i < times; i++) await operation();
  else for (let i = 1; i < times; i++) operation();
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/** How many operations fill a slice, once the compiler has seen them. */
const calibrate = async (operation: Operation): Promise<number> => {
  await time(operation, 2000);
  const probe = await time(operation, 2000);
  return Math.max(100, Math.round((2000 * SLICE_MICROSECONDS) / probe));
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Times operations in interleaved rounds, so that what else the machine does falls on all of them alike, and compares each
 * with the first. A slice is long enough for an operation to pay for its own garbage.
 */
export const measure = async (operations: readonly Operation[], rounds: number): Promise<Measured[]> => {
  const counts: number[] = [];
  for (const operation of operations) counts.push(await calibrate(operation));
  const samples: number[][] = operations.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, operation] of operations.entries()) {
      const times = counts[index] ?? 1;
      samples[index]?.push((await time(operation, times)) / times);
    }
  }
  const [base = []] = samples;
  return samples.map((own) => ({
    microseconds: median(own),
    ratio: median(own.map((value, round) => value / (base[round] ?? Number.NaN))),
  }));
};
