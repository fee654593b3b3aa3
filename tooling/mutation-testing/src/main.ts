/**
 * Mutation testing of the conformance suite. Every mutant must be killed by the cases that it names, every
 * case must kill a mutant, every case must be tried, every section of the wire protocol with a requirement
 * must be covered, the correct implementations must pass, and no control may pass a case that it cannot have
 * earned. `node src/main.ts [client | verifier | server | controls | part of a mutant's id]`; without an
 * argument, everything.
 */
import { availableParallelism } from 'node:os';
import { catalogue } from '@cpg/conformance/src/commands/catalogue.ts';
import { ignoreClosedPipe } from '@cpg/conformance/src/commands/main.ts';
import type { Layer } from '@cpg/conformance/src/core/record.ts';
import { CONTROLS, judgeControl } from './controls/controls.ts';
import { UNTRIED } from './coverage.ts';
import { CLIENT_MUTANTS } from './mutants/client-mutants.ts';
import { SERVER_MUTANTS } from './mutants/server-mutants.ts';
import { VERIFIER_MUTANTS } from './mutants/verifier-mutants.ts';
import { formatReport } from './report.ts';
import { failuresIn, judgeMutant, type Kind, type Trial, type TrialResult } from './trial.ts';

const WIDTH = availableParallelism();

/** Runs the jobs with at most `WIDTH` in flight; the results keep the order of the jobs. */
const inParallel = async <Job, Result>(
  jobs: readonly Job[],
  perform: (job: Job) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const job = jobs[index];
      if (job === undefined) return;
      results[index] = await perform(job);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return results;
};

const toTrials = (kind: Kind, mutants: readonly Omit<Trial, 'kind'>[]): readonly Trial[] =>
  mutants.map(({ id, area, killedBy }) => ({ kind, id, area, killedBy }));

for (const stream of [process.stdout, process.stderr]) ignoreClosedPipe(stream);

const [wanted = ''] = process.argv.slice(2);
const isKind = ['client', 'verifier', 'server'].includes(wanted);

const trials = [
  ...toTrials('client', CLIENT_MUTANTS),
  ...toTrials('verifier', VERIFIER_MUTANTS),
  ...toTrials('server', SERVER_MUTANTS),
].filter(({ kind, id }) => (isKind ? kind === wanted : wanted !== 'controls' && id.includes(wanted)));

const controls = wanted === '' || wanted === 'controls' ? await inParallel(CONTROLS, judgeControl) : [];
if (trials.length === 0 && controls.length === 0) throw new Error(`No mutant's id contains ${wanted}.`);

const kinds = [...new Set(trials.map(({ kind }) => kind))];
const correct = await inParallel(kinds, async (kind) => ({ kind, records: await judgeMutant(kind) }));

const results = await inParallel(trials, async (trial): Promise<TrialResult> => {
  const failed = failuresIn(await judgeMutant(trial.kind, trial));
  if (process.stderr.isTTY) process.stderr.write('.');
  return { trial, failed };
});

const isPlanned: Readonly<Record<Layer, boolean>> = {
  vectors: kinds.includes('client') && kinds.includes('verifier'),
  client: kinds.includes('client'),
  server: kinds.includes('server'),
};

const { text, isPassed } = formatReport({
  correct,
  results,
  controls,
  isWhole: wanted === '' || isKind,
  isComplete: wanted === '',
  planned: catalogue().filter(({ layer }) => isPlanned[layer]),
  untried: UNTRIED,
});
process.stdout.write(text);
process.exitCode = isPassed ? 0 : 1;
