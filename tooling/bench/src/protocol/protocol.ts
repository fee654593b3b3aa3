import { CONTENDERS } from './contenders.ts';
import { MESSAGES, type Measured, measure, type Operation } from './measure.ts';

const print = (name: string, { microseconds, ratio }: Measured): void => {
  process.stdout.write(
    `  ${name.padEnd(26)}${microseconds.toFixed(2).padStart(8)} µs${ratio.toFixed(2).padStart(8)} ×\n`,
  );
};

/** Prints what signing and verifying costs, as ratios to the node:crypto floor for the same bytes. */
export const benchProtocol = async (rounds = 25): Promise<void> => {
  for (const message of MESSAGES) {
    const prepared = await Promise.all(
      CONTENDERS.map(async (contender) => ({ name: contender.name, ...(await contender.prepare(message)) })),
    );
    for (const kind of ['sign', 'verify'] as const) {
      const entries = prepared.flatMap(({ name, [kind]: operation }) =>
        operation === undefined ? [] : [{ name, operation: operation as Operation }],
      );
      const results = await measure(
        entries.map(({ operation }) => operation),
        rounds,
      );
      process.stdout.write(`${kind} ${message.name}\n`);
      for (const [index, result] of results.entries()) print(entries[index]?.name ?? '', result);
    }
  }
};
