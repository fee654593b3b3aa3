/**
 * The proof of the suite's strength: every mutant must be noticed by the case that is named for it, every case must notice
 * something, every case must be tried, every section of the contract that says must must be proven, the correct implementations
 * must pass, and what is no implementation must never pass.
 * `node src/strength/main.ts [client | verifier | server | part of a mutant's id]`; with an argument, the controls are left out.
 */
import { availableParallelism } from 'node:os';
import { catalogue } from '@cpg/conformance/src/commands/catalogue.ts';
import type { Layer } from '@cpg/conformance/src/core/verdict.ts';
import { CONTROLS, tryControl } from './controls.ts';
import { inParallel } from './in-parallel.ts';
import { CLIENT_MUTANTS } from './mutants/client-mutants.ts';
import { SERVER_MUTANTS } from './mutants/server-mutants.ts';
import { VERIFIER_MUTANTS } from './mutants/verifier-layer-mutants.ts';
import { renderStrength } from './render-strength.ts';
import { judgeMutant, type Kind } from './trial.ts';
import { failuresIn, type Trial, type TrialResult } from './trial-result.ts';
import { UNTRIED } from './untried.ts';

const toTrials = (kind: Kind, mutants: readonly Omit<Trial, 'kind'>[]): readonly Trial[] =>
  mutants.map(({ id, area, killedBy }) => ({ kind, id, area, killedBy }));

const [wanted = ''] = process.argv.slice(2);
const isKind = ['client', 'verifier', 'server'].includes(wanted);
const width = availableParallelism();

const trials = [
  ...toTrials('client', CLIENT_MUTANTS),
  ...toTrials('verifier', VERIFIER_MUTANTS),
  ...toTrials('server', SERVER_MUTANTS),
].filter(({ kind, id }) => (isKind ? kind === wanted : id.includes(wanted)));

const kinds = [...new Set(trials.map(({ kind }) => kind))];
const correct = await inParallel(kinds, width, async (kind) => ({ kind, records: await judgeMutant(kind) }));

const results = await inParallel(trials, width, async (trial): Promise<TrialResult> => {
  const failed = failuresIn(await judgeMutant(trial.kind, trial));
  if (process.stderr.isTTY) process.stderr.write('.');
  return { trial, failed };
});

const controls = wanted === '' ? await inParallel(CONTROLS, width, tryControl) : [];

const isWhole = wanted === '' || isKind;
const isPlanned: Readonly<Record<Layer, boolean>> = {
  vectors: kinds.includes('client') && kinds.includes('verifier'),
  client: kinds.includes('client'),
  server: kinds.includes('server'),
};

const { text, isStrong } = renderStrength({
  correct,
  results,
  controls,
  isWhole,
  isComplete: wanted === '',
  planned: catalogue().filter(({ layer }) => isPlanned[layer]),
  untried: UNTRIED,
});
process.stdout.write(text);
process.exitCode = isStrong ? 0 : 1;
