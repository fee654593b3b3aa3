import { type CaseFilter, chooseCases } from './case-filter.ts';
import { CaseFailure, Checker, type Exchange, NotApplicable } from './checker.ts';
import { withDeadline } from './deadline.ts';
import { Expectations } from './expectations.ts';
import { Masker } from './masker.ts';
import { type CaseRecord, isJudged, type ResultRecord, SUITE_VERSION } from './record.ts';
import { newSeed, Randomness, type RunSettings } from './run-settings.ts';
import type { ConformanceCase, Session, Suite } from './suite.ts';
import { applyStrict, createFooter } from './tally.ts';

type Emit = (record: ResultRecord) => void;

type Outcome = Pick<CaseRecord, 'verdict' | 'reason' | 'diff'>;

const CASE_TIMEOUT_MS = 10_000;

/** The outcome of an `always` case when no other case had a verdict. */
const NOTHING_ELSE: Outcome = {
  verdict: 'notapplicable',
  reason: 'no other case of this layer had a verdict',
};

const describeError = (error: unknown): string =>
  error instanceof Error ? error.message : `a thrown ${typeof error}`;

const judge = async <Context>(
  session: Session<Context>,
  testCase: ConformanceCase<Context>,
  onExchange: ((exchange: Exchange) => void) | undefined,
): Promise<Outcome> => {
  const missing = testCase.needs?.find((need) => !session.capabilities.has(need));
  if (missing !== undefined) return { verdict: 'notapplicable', reason: `needs: ${missing}` };
  const check = new Checker(onExchange);
  try {
    const attempt = testCase.run(session.context(check, testCase.id));
    await withDeadline(attempt, testCase.timeoutMs ?? CASE_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof NotApplicable) return { verdict: 'notapplicable', reason: error.message };
    if (!(error instanceof CaseFailure)) return { verdict: 'error', reason: describeError(error) };
    const isTolerated = error.severity === 'acceptable' || testCase.level === 'SHOULD';
    return { verdict: isTolerated ? 'warn' : 'fail', diff: error.diff };
  }
  return check.count === 0 ? { verdict: 'error', reason: 'the case checked nothing' } : { verdict: 'pass' };
};

/**
 * Runs every case of a suite in order, and emits one record for each in any case. When the implementation
 * cannot be started, every planned case is an error. Returns the name of the implementation.
 */
export const runSuite = async <Context>(
  suite: Suite<Context>,
  emit: Emit,
  onExchange?: (id: string, exchange: Exchange) => void,
): Promise<string> => {
  const { layer, cases } = suite;
  let session: Session<Context> | undefined;
  let failure = '';
  try {
    session = await suite.open();
  } catch (error) {
    failure = `could not start: ${describeError(error)}`;
  }
  const { name, language, version, notes = [] } = session?.implementation ?? { name: suite.label };
  emit({
    type: 'implementation',
    implementation: name,
    layer,
    ...(language === undefined ? {} : { language }),
    ...(version === undefined ? {} : { version }),
    notes,
    planned: cases.length,
  });
  let isAnyJudged = false;
  for (const testCase of cases) {
    const { id, group, description, spec } = testCase;
    const startedAt = performance.now();
    const found: Outcome =
      session === undefined
        ? { verdict: 'error', reason: failure }
        : await judge(session, testCase, (exchange) => onExchange?.(id, exchange));
    const isEmpty = testCase.always === true && found.verdict === 'pass' && !isAnyJudged;
    const outcome: Outcome = isEmpty ? NOTHING_ELSE : found;
    isAnyJudged ||= isJudged(outcome.verdict);
    const durationMs = Math.round(performance.now() - startedAt);
    emit({ type: 'case', implementation: name, layer, id, group, description, spec, durationMs, ...outcome });
  }
  await session?.close();
  return name;
};

/** Runs one suite. */
type PlannedSuite = (emit: (record: ResultRecord) => void) => Promise<void>;

export interface RunOptions {
  /** The same seed gives the same secrets and bodies. Random when left out. */
  readonly seed?: string | undefined;
  /** Only these cases. */
  readonly filter?: CaseFilter | undefined;
  readonly expectations?: Expectations | undefined;
  /** Warnings are failures. */
  readonly strict?: boolean | undefined;
  /** Called with each record as it is created, masked. */
  readonly onRecord?: ((record: ResultRecord) => void) | undefined;
  /** Called with everything that goes over the wire, masked. */
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
    const judged = strict ? applyStrict(record) : record;
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
  emit(createFooter(records, Math.round(performance.now() - startedAt)));
  return records;
};
