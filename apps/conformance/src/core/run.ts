import { type CaseFilter, chooseCases } from './case-filter.ts';
import { CaseOver, runInScope } from './case-scope.ts';
import {
  CaseFailure,
  Checker,
  type Diff,
  type Exchange,
  ImplementationFailure,
  NotApplicable,
  NoVerdict,
  Unresponsive,
} from './checker.ts';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import { Expectations } from './expectations.ts';
import { Masker } from './masker.ts';
import { Pace } from './pace.ts';
import { type CaseRecord, isJudged, type ResultRecord, SUITE_VERSION } from './record.ts';
import { newSeed, Randomness, type RunSettings } from './run-settings.ts';
import type { ConformanceCase, Session, Suite } from './suite.ts';
import { applyStrict, createFooter } from './tally.ts';

type Emit = (record: ResultRecord) => void;

type Outcome = Pick<CaseRecord, 'verdict' | 'reason' | 'diff'>;

const CASE_TIMEOUT_MS = 10_000;

/** How long the clean-up of a case may take after its verdict. */
const CLEAN_UP_MS = 10_000;

/** After so many cases in a row without a response, each up to its deadline, the others are not tried. */
const MAX_UNRESPONSIVE = 15;

/** The outcome of an `always` case when no other case had a verdict. */
const NOTHING_ELSE: Outcome = {
  verdict: 'notapplicable',
  reason: 'no other case of this layer had a verdict',
};

const describeError = (error: unknown): string =>
  error instanceof Error ? error.message : `a thrown ${typeof error}`;

/** Adds the command that an adapter did not respond to. */
const addUnanswered = (check: Checker, error: unknown): void => {
  if (error instanceof ImplementationFailure && error.sent !== '')
    check.addExchange({ sent: error.sent, received: error.received });
};

/** The difference behind an exception that is no verdict; `undefined` when it says nothing about the implementation. */
const explainBreakdown = (error: unknown, check: Checker): Diff | undefined => {
  if (error instanceof DeadlineExceeded)
    return { what: 'end of the case', expected: 'a response to each request', actual: error.message };
  if (error instanceof ImplementationFailure) {
    const { what, expected, message } = error;
    addUnanswered(check, error);
    return { what, expected, actual: message };
  }
  // A field is missing or has another type, so that the case cannot read the response.
  if (!(error instanceof NoVerdict) && check.hasExchanges)
    return {
      what: 'response',
      expected: 'the fields of wire protocol §3 and §4',
      actual: describeError(error),
    };
  return undefined;
};

const getOutcome = (error: unknown, check: Checker, { level }: { readonly level?: string }): Outcome => {
  if (error instanceof NotApplicable) return { verdict: 'notapplicable', reason: error.message };
  if (error instanceof CaseFailure) {
    const isTolerated = error.severity === 'acceptable' || level === 'SHOULD';
    return { verdict: isTolerated ? 'warn' : 'fail', diff: error.diff };
  }
  const diff = explainBreakdown(error, check);
  if (diff === undefined) return { verdict: 'error', reason: describeError(error) };
  return { verdict: 'fail', diff: check.createFailure(diff).diff };
};

interface Watch {
  readonly pace: Pace;
  readonly onExchange: (exchange: Exchange) => void;
  /** Called when the implementation did not respond. */
  readonly onUnresponsive: () => void;
}

/** Runs a case until its end or its deadline. It does nothing more when the promise has settled. */
const judge = async <Context>(
  session: Session<Context>,
  testCase: ConformanceCase<Context>,
  { pace, onExchange, onUnresponsive }: Watch,
): Promise<Outcome> => {
  const missing = testCase.needs?.find((need) => !session.capabilities.has(need));
  if (missing !== undefined) return { verdict: 'notapplicable', reason: `needs: ${missing}` };
  const check = new Checker(onExchange);
  const controller = new AbortController();
  const scope = { signal: controller.signal, pace };
  const unprepared = await runInScope(scope, async () => session.prepare?.()).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const attempt = runInScope(scope, async () => {
    if (unprepared !== undefined) throw unprepared.error;
    await testCase.run(session.context(check, testCase.id));
  });
  const { timeoutMs } = testCase;
  const getLimit = () =>
    timeoutMs === undefined ? pace.getPatience(CASE_TIMEOUT_MS) : timeoutMs * pace.factor;
  const result = await withDeadline(attempt, getLimit).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  controller.abort(new CaseOver());
  // Its sockets are closed and its waits are over, but it may still have to reset a test hook.
  const late = await withDeadline(attempt, CLEAN_UP_MS).catch((error: unknown) => error);
  if (result?.error instanceof DeadlineExceeded) addUnanswered(check, late);
  if (result === undefined)
    return check.count === 0 ? { verdict: 'error', reason: 'the case checked nothing' } : { verdict: 'pass' };
  if (result.error instanceof DeadlineExceeded || result.error instanceof Unresponsive) {
    pace.addSilence();
    onUnresponsive();
  }
  const outcome = getOutcome(result.error, check, testCase);
  const { diff } = outcome;
  const isBroken = result.error instanceof ImplementationFailure || result.error instanceof DeadlineExceeded;
  const output = isBroken && diff !== undefined ? await session.findEnd?.() : undefined;
  return diff === undefined || output === undefined ? outcome : { ...outcome, diff: { ...diff, output } };
};

const NOT_TRIED: Outcome = {
  verdict: 'fail',
  diff: {
    what: 'response',
    expected: 'one in time',
    actual: `not tried: no response in ${MAX_UNRESPONSIVE} cases, one after the other`,
  },
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
  const pace = new Pace();
  const starting = new AbortController();
  try {
    session = await runInScope({ signal: starting.signal, pace }, () => suite.open());
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
  let unresponsive = 0;
  const judgeNext = async (
    started: Session<Context>,
    testCase: ConformanceCase<Context>,
  ): Promise<Outcome> => {
    if (unresponsive >= MAX_UNRESPONSIVE && testCase.always !== true) return NOT_TRIED;
    const before = unresponsive;
    const outcome = await judge(started, testCase, {
      pace,
      onExchange: (exchange) => onExchange?.(testCase.id, exchange),
      onUnresponsive: () => {
        unresponsive++;
      },
    });
    if (unresponsive === before && outcome.verdict !== 'notapplicable') unresponsive = 0;
    return outcome;
  };
  for (const testCase of cases) {
    const { id, group, description, spec } = testCase;
    const startedAt = performance.now();
    const found: Outcome =
      session === undefined ? { verdict: 'error', reason: failure } : await judgeNext(session, testCase);
    const isEmpty = testCase.always === true && found.verdict === 'pass' && !isAnyJudged;
    const outcome: Outcome = isEmpty ? NOTHING_ELSE : found;
    isAnyJudged ||= isJudged(outcome.verdict);
    const durationMs = Math.round(performance.now() - startedAt);
    emit({ type: 'case', implementation: name, layer, id, group, description, spec, durationMs, ...outcome });
  }
  // A server that has died cannot be reset.
  await session?.close().catch(() => undefined);
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
  /** The command line of the run, to which `--run` and `--seed` can be added. */
  readonly command?: string | undefined;
  /** Called with each record as it is created, masked. */
  readonly onRecord?: ((record: ResultRecord) => void) | undefined;
  /** Called with everything that goes over the wire, masked. */
  readonly onExchange?: ((id: string, exchange: Exchange) => void) | undefined;
}

/** The verdicts of cases that a reader wants to repeat. */
const NEEDS_REPEAT: ReadonlySet<CaseRecord['verdict']> = new Set(['fail', 'error', 'warn', 'xpass']);

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
  const { command, onRecord, onExchange } = options;
  const withRepeat = (record: CaseRecord): CaseRecord =>
    command === undefined || !NEEDS_REPEAT.has(record.verdict)
      ? record
      : { ...record, repeat: `${command} --run ${record.id} --seed ${seed}` };
  const startedAt = performance.now();
  const masker = new Masker();
  const random = new Randomness(seed);
  const records: ResultRecord[] = [];
  const emit = (record: ResultRecord) => {
    const judged = strict ? applyStrict(record) : record;
    const masked = masker.maskAll(judged.type === 'case' ? withRepeat(expectations.judge(judged)) : judged);
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
