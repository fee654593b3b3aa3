import { expect, it } from 'vitest';
import type { Database } from '../database/open-database.ts';
import { createClock } from '../time.ts';
import { AttemptRecorder } from './attempt-recorder.ts';
import type { Delivery } from './attempts.ts';

interface Statement {
  readonly ids: readonly string[];
  readonly end: (error?: Error) => void;
}

/** A database whose statements the test ends. */
const manualDatabase = () => {
  const statements: Statement[] = [];
  const executeQuery = ({ parameters }: { readonly parameters: readonly [string] }) =>
    new Promise<void>((resolve, reject) => {
      const ids = (JSON.parse(parameters[0]) as { id: string }[]).map(({ id }) => id);
      statements.push({ ids, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { statements, db: { executeQuery } as unknown as Database };
};

const delivered = { status: 200, error: null, isSent: true, ms: 1, timestamp: null };
const createDelivery = (id: string) => ({ id, attempts: 0 }) as Delivery;

it('results that come while one is written go into the next statement together', async () => {
  const { statements, db } = manualDatabase();
  const recorder = new AttemptRecorder({ db, clock: createClock() });
  const recorded = ['1', '2', '3'].map((id) => recorder.record(createDelivery(id), delivered));
  expect(statements.map(({ ids }) => ids)).toEqual([['1']]);
  statements[0]?.end();
  await recorded[0];
  await expect.poll(() => statements.map(({ ids }) => ids)).toEqual([['1'], ['2', '3']]);
  statements[1]?.end();
  await Promise.all(recorded);
});

it('a result that cannot be written fails no other', async () => {
  const { statements, db } = manualDatabase();
  const recorder = new AttemptRecorder({ db, clock: createClock() });
  const record = (id: string) =>
    recorder.record(createDelivery(id), delivered).then(
      () => 'recorded',
      (error: Error) => error.message,
    );
  const endNext = async (...errors: readonly (Error | undefined)[]) => {
    for (const error of errors) {
      await expect.poll(() => statements.length).toBeGreaterThan(0);
      statements.shift()?.end(error);
    }
  };
  const recorded = ['1', 'bad', '3'].map(record);
  const bad = new Error('bad row');
  await endNext(undefined, bad, bad, undefined);
  expect(await Promise.all(recorded)).toEqual(['recorded', 'bad row', 'recorded']);
});
