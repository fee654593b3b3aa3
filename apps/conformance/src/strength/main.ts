/**
 * The proof of the suite's strength: every mutant must be noticed by the case that is named for it, every case must notice
 * something, and the correct implementations must pass. `node src/strength/main.ts [part of an id]`.
 */
import { availableParallelism } from 'node:os';
import { inParallel } from './in-parallel.ts';
import { CLIENT_MUTANTS } from './mutants/client-mutants.ts';
import { SERVER_MUTANTS } from './mutants/server-mutants.ts';
import { VERIFIER_MUTANTS } from './mutants/verifier-layer-mutants.ts';
import { renderStrength } from './render-strength.ts';
import { judgeMutant, type Kind } from './trial.ts';
import { failuresIn, type Trial, type TrialResult } from './trial-result.ts';

const toTrials = (kind: Kind, mutants: readonly Omit<Trial, 'kind'>[]): readonly Trial[] =>
  mutants.map(({ id, area, killedBy }) => ({ kind, id, area, killedBy }));

const [wanted = ''] = process.argv.slice(2);
const trials = [
  ...toTrials('client', CLIENT_MUTANTS),
  ...toTrials('verifier', VERIFIER_MUTANTS),
  ...toTrials('server', SERVER_MUTANTS),
].filter(({ id }) => id.includes(wanted));

const kinds = [...new Set(trials.map(({ kind }) => kind))];
const correct = await Promise.all(kinds.map(async (kind) => ({ kind, records: await judgeMutant(kind) })));

const results = await inParallel(trials, availableParallelism(), async (trial): Promise<TrialResult> => {
  const records = await judgeMutant(trial.kind, trial);
  process.stderr.write('.');
  return { trial, failed: failuresIn(records) };
});
process.stderr.write('\n');

const { text, isStrong } = renderStrength({ correct, results, isWhole: wanted === '' });
process.stdout.write(text);
process.exitCode = isStrong ? 0 : 1;
