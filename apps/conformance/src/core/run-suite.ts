import { Checker, Departure, NotApplicable } from './checker.ts';
import type { ConformanceCase, Session, Suite } from './conformance-case.ts';
import { withDeadline } from './deadline.ts';
import type { Exchange } from './finding.ts';
import type { CaseRecord, ResultRecord } from './record.ts';
import { isJudged } from './verdict.ts';

export type Emit = (record: ResultRecord) => void;

type Outcome = Pick<CaseRecord, 'verdict' | 'reason' | 'finding'>;

const CASE_TIMEOUT_MS = 10_000;

/** Whoever has done nothing else has not done that well either. */
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
    if (!(error instanceof Departure)) return { verdict: 'error', reason: describeError(error) };
    const isTolerated = error.severity === 'acceptable' || testCase.level === 'SHOULD';
    return { verdict: isTolerated ? 'warn' : 'fail', finding: error.finding };
  }
  return check.count === 0 ? { verdict: 'error', reason: 'the case checked nothing' } : { verdict: 'pass' };
};

/**
 * Tries every case of a suite, one after the other, and emits one record each, whatever happens. When the implementation
 * cannot be started, every planned case is an error. Returns the name under which the implementation was judged.
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
