/** One mistake in the suite itself, as a replacement in its source, and the meta-test that must turn red. */
export interface RunnerMutant {
  readonly id: string;
  /** Under `src`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Under `src`. */
  readonly test: string;
}

const CHECKER = 'core/checker.ts';
const EXIT_CODE = 'core/exit-code.ts';
const RUN_SUITE = 'core/run-suite.ts';
const ADAPTER = 'adapter/adapter-process.ts';

/** Where a file's tests are not beside it. */
const TESTED_BY: Readonly<Record<string, string>> = {
  [CHECKER]: 'core/run-suite.test.ts',
  'core/tally.ts': 'core/exit-code.test.ts',
  'core/id-pattern.ts': 'core/expectations.test.ts',
  'report/badge.ts': 'report/reports.test.ts',
};

const row = (id: string, file: string, edit: readonly [find: string, replace: string]): RunnerMutant => ({
  id,
  file,
  find: edit[0],
  replace: edit[1],
  test: TESTED_BY[file] ?? file.replace(/\.ts$/, '.test.ts'),
});

export const RUNNER_MUTANTS: readonly RunnerMutant[] = [
  row('compare-dropped', CHECKER, ['if (pair.expected === pair.actual) return;', 'if (pair) return;']),
  row('compare-prefix', CHECKER, [
    'pair.expected === pair.actual',
    'String(pair.actual).startsWith(String(pair.expected))',
  ]),
  row('condition-ignored', CHECKER, [
    'if (!condition) throw new Departure(',
    'if (condition) throw new Departure(',
  ]),
  row('status-ignored', 'server/expect-answer.ts', [
    'line(expected.status, expected.message)',
    'line(answer.status, expected.message)',
  ]),
  row('message-ignored', 'server/expect-answer.ts', [
    'line(expected.status, expected.message)',
    'line(expected.status, message)',
  ]),
  row('fields-ignored', 'server/expect-answer.ts', [
    "expected: 'message, success'",
    'expected: fieldsOf(answer.json)',
  ]),
  row('missing-is-pass', EXIT_CODE, ['seen !== planned ||', '']),
  row('no-footer-is-complete', EXIT_CODE, ['!hasFooter ||', '']),
  row('error-is-pass', EXIT_CODE, ['counts.error > 0 ||', '']),
  row('zero-cases-is-0', EXIT_CODE, ['|| judged === 0', '']),
  row('stale-is-pass', EXIT_CODE, ['counts.fail + counts.xpass +', 'counts.fail +']),
  row('unmatched-is-pass', EXIT_CODE, ['+ unmatchedExpectations', '']),
  row('failure-is-pass', EXIT_CODE, ['departures > 0', 'departures > 9']),
  row('repeat-counts-as-seen', 'core/tally.ts', ['seen.add(keyOf(record));', 'seen.add(String(seen.size));']),
  row('last-case-skipped', RUN_SUITE, ['of cases) {', 'of cases.slice(0, -1)) {']),
  row('nothing-checked-is-pass', RUN_SUITE, ['check.count === 0', 'check.count < 0']),
  row('exception-is-pass', RUN_SUITE, [
    "return { verdict: 'error', reason: describeError(error) };",
    "return { verdict: 'pass' };",
  ]),
  row('needs-ignored', RUN_SUITE, ['if (missing !== undefined)', 'if (missing === null)']),
  row('patterns-match-all', 'core/id-pattern.ts', [
    'return new RegExp',
    'return source !== id || new RegExp',
  ]),
  row('patterns-unanchored', 'core/id-pattern.ts', ['RegExp(`^', 'RegExp(`']),
  row('listed-pass-accepted', 'core/expectations.ts', [
    "record.verdict === 'pass'",
    "record.verdict === 'warn'",
  ]),
  row('listed-error-accepted', 'core/expectations.ts', [
    "record.verdict === 'fail' ||",
    "record.verdict === 'fail' || record.verdict === 'error' ||",
  ]),
  row('secrets-shown', 'core/masker.ts', ['masked.replaceAll(secret, SECRET)', 'masked']),
  row('signatures-shown', 'core/masker.ts', ['signature.slice(0, SIGNATURE_SHOWN)', 'signature']),
  row('secret-not-found', 'core/masker.ts', ['text.includes(secret)', 'text === secret']),
  row('adapter-exit-swallowed', ADAPTER, ["this.#child.on('exit',", "this.#child.on('never',"]),
  row('garbage-swallowed', ADAPTER, [
    'return `the adapter wrote a line that is not JSON',
    'if (line) return undefined; else return `',
  ]),
  row('second-answer-accepted', ADAPTER, ['if (this.#answered.has(id))', 'if (id === undefined)']),
  row('unknown-id-accepted', ADAPTER, [
    "return 'the adapter answered an id that was never sent';",
    'return undefined;',
  ]),
  row('adapter-failure-accepted', ADAPTER, ["typeof result.error === 'string'", 'result === undefined']),
  row('badge-for-partial-run', 'report/badge.ts', ['isFiltered || ', '']),
];
