import { type CaseFilter, chooseCases } from './case-filter.ts';
import type { Suite } from './conformance-case.ts';
import { Expectations } from './expectations.ts';
import type { Exchange } from './finding.ts';
import { Masker } from './masker.ts';
import { newSeed, Randomness } from './randomness.ts';
import type { ResultRecord } from './record.ts';
import type { RunSettings } from './run-settings.ts';
import { runSuite } from './run-suite.ts';
import { strictly } from './strictly.ts';
import { footerOf } from './tally.ts';
import { SUITE_VERSION } from './version.ts';

/** Runs one suite; its type of context stays its own affair. */
export type PlannedSuite = (emit: (record: ResultRecord) => void) => Promise<void>;

export interface RunOptions {
  /** The same seed gives the same secrets and bodies. Random when left out. */
  readonly seed?: string | undefined;
  /** Only these cases; a partial run says so in its header. */
  readonly filter?: CaseFilter | undefined;
  readonly expectations?: Expectations | undefined;
  /** Warnings are failures. */
  readonly strict?: boolean | undefined;
  /** Told of every record as it is made, masked. */
  readonly onRecord?: ((record: ResultRecord) => void) | undefined;
  /** Told of everything that goes over the wire, masked. */
  readonly onExchange?: ((id: string, exchange: Exchange) => void) | undefined;
}

/** Adds suites to a run, in order. */
export interface Plan extends RunSettings {
  readonly add: <Context>(suite: Suite<Context>) => void;
}

/** Runs every suite of a plan, one after the other, and returns the records of the whole run, masked. */
export const run = async (
  makePlan: (plan: Plan) => void,
  options: RunOptions = {},
): Promise<readonly ResultRecord[]> => {
  const { seed = newSeed(), filter, expectations = new Expectations(), strict = false } = options;
  const { onRecord, onExchange } = options;
  const startedAt = performance.now();
  const masker = new Masker();
  const random = new Randomness(seed);
  const records: ResultRecord[] = [];
  const emit = (record: ResultRecord) => {
    const judged = strict ? strictly(record) : record;
    const masked = masker.maskAll(judged.type === 'case' ? expectations.judge(judged) : judged);
    records.push(masked);
    onRecord?.(masked);
  };
  const suites: PlannedSuite[] = [];
  makePlan({
    masker,
    random,
    add: (suite) => {
      const cases = chooseCases(suite.cases, filter);
      if (cases.length === 0) return;
      suites.push(async (each) => {
        const name = await runSuite({ ...suite, cases }, each, (id, exchange) =>
          onExchange?.(id, masker.maskAll(exchange)),
        );
        for (const { id } of suite.cases) expectations.notice(id, name);
      });
    },
  });
  emit({
    type: 'header',
    suite: 'cpg-conformance',
    format: 1,
    suiteVersion: SUITE_VERSION,
    startedAt: new Date().toISOString(),
    seed,
    ...(filter === undefined ? {} : { filter: filter.pattern }),
  });
  for (const runOne of suites) await runOne(emit);
  for (const unmatched of expectations.unmatched()) emit(unmatched);
  emit(footerOf(records, Math.round(performance.now() - startedAt)));
  return records;
};
