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
import { formatReport, type MutationRun, triedIn } from './report.ts';
import { ServerHost } from './server-host.ts';
import {
  CORRECT,
  failuresIn,
  isForArea,
  judgeMutant,
  type Kind,
  type Trial,
  type TrialResult,
} from './trial.ts';

// Some trials wait for settlements and deadlines: one worker more than cores keeps the cores busy.
const WIDTH = availableParallelism() + 1;

/** Starts the jobs in order, at most `WIDTH` at once, each on a host that no other job uses meanwhile. */
const inParallel = async (jobs: Iterable<(host: ServerHost) => Promise<void>>): Promise<void> => {
  const queue = jobs[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    const host = new ServerHost();
    try {
      for (let next = queue.next(); next.done !== true; next = queue.next()) await next.value(host);
    } finally {
      host.close();
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
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

const chosenControls = wanted === '' || wanted === 'controls' ? CONTROLS : [];
if (trials.length === 0 && chosenControls.length === 0) throw new Error(`No mutant's id contains ${wanted}.`);

const kinds = [...new Set(trials.map(({ kind }) => kind))];
const controls: (readonly string[])[] = [];
const correct: MutationRun['correct'][number][] = [];
const results: TrialResult[] = [];

/** Tries a mutant with the cases that must kill it; with all of its area when one of those passes, for the report. */
const judgeTrial = async (trial: Trial, host: ServerHost): Promise<void> => {
  const ids = new Set(trial.killedBy);
  const failed = failuresIn(await judgeMutant(trial, { host, ids }));
  const isKilled = trial.killedBy.every((id) => failed.includes(id));
  const others = isKilled ? [] : failuresIn(await judgeMutant(trial, { host })).filter((id) => !ids.has(id));
  results.push({ trial, failed: [...failed, ...others] });
  if (process.stderr.isTTY) process.stderr.write('.');
};

// The longest first.
await inParallel([
  ...CORRECT.filter(({ kind }) => kinds.includes(kind)).map(({ kind, judge }) => async () => {
    correct.push({ kind, records: await judge() });
  }),
  ...chosenControls.map((control) => async () => {
    controls.push(await judgeControl(control));
  }),
  ...trials.map((trial) => (host: ServerHost) => judgeTrial(trial, host)),
]);

const isPlanned: Readonly<Record<Layer, boolean>> = {
  vectors: kinds.includes('client') && kinds.includes('verifier'),
  client: kinds.includes('client'),
  server: kinds.includes('server'),
};

const isWhole = wanted === '' || isKind;
const planned = catalogue().filter(({ layer }) => isPlanned[layer]);

const isTriedBy = (kind: Kind, id: string): boolean =>
  correct.some((each) => each.kind === kind && triedIn(each.records).includes(id));

/** The cases that no mutant names must kill one too: tries the mutants with them until each has. */
const judgeUnnamed = async (): Promise<void> => {
  const killing = new Set(results.flatMap(({ failed }) => failed));
  const left = new Set(planned.map(({ id }) => id).filter((id) => !killing.has(id)));
  await inParallel(
    results.map((result, i) => async (host) => {
      const { trial, failed } = result;
      const ids = new Set([...left].filter((id) => isTriedBy(trial.kind, id) && isForArea(id, trial.area)));
      if (ids.size === 0) return;
      const more = failuresIn(await judgeMutant(trial, { host, ids }));
      for (const id of more) left.delete(id);
      results[i] = { trial, failed: [...failed, ...more] };
    }),
  );
};
if (isWhole) await judgeUnnamed();

const { text, isPassed } = formatReport({
  correct,
  results,
  controls,
  isWhole,
  isComplete: wanted === '',
  planned,
  untried: UNTRIED,
});
process.stdout.write(text);
process.exitCode = isPassed ? 0 : 1;
