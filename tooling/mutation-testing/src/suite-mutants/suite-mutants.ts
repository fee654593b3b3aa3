/** A mutant of the suite itself: a replacement in its source, and the test that must kill it. */
export interface SuiteMutant {
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
const UNTRIED = 'core/untried.ts';
const DRY_RUN = 'core/dry-run.ts';
const BADGE = 'report/badge.ts';
const FOLDING = 'report/departure-lines.ts';
const KIND = 'report/kind-of.ts';
const PERFORM = 'commands/perform.ts';
const REPORT = 'commands/report.ts';

/** The test of a file that has none beside it. */
const TESTED_BY: Readonly<Record<string, string>> = {
  [CHECKER]: 'core/run-suite.test.ts',
  'core/phrase-finder.ts': 'core/masker.test.ts',
  'core/tally.ts': 'core/exit-code.test.ts',
  'core/id-pattern.ts': 'core/expectations.test.ts',
  'core/strictly.ts': 'core/run.test.ts',
  'core/verdict.ts': 'core/untried.test.ts',
  'report/terminal.ts': 'report/unjudged-layers.test.ts',
  'report/markdown.ts': 'report/unjudged-layers.test.ts',
  'report/html/page.ts': 'report/unjudged-layers.test.ts',
  'report/html/matrix.ts': 'report/reports.test.ts',
  [KIND]: 'report/departure-lines.test.ts',
  'commands/perform.ts': 'commands/reporting.test.ts',
  'commands/publish.ts': 'commands/reporting.test.ts',
  'commands/report.ts': 'commands/reporting.test.ts',
  'commands/run-command.ts': 'commands/main.test.ts',
  'commands/vectors-command.ts': 'commands/main.test.ts',
};

const row = (
  id: string,
  file: string,
  edit: readonly [find: string, replace: string, test?: string],
): SuiteMutant => ({
  id,
  file,
  find: edit[0],
  replace: edit[1],
  test: edit[2] ?? TESTED_BY[file] ?? file.replace(/\.ts$/, '.test.ts'),
});

export const SUITE_MUTANTS: readonly SuiteMutant[] = [
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
  row('secrets-shown', 'core/masker.ts', ['this.#secrets.replace(text, () => SECRET)', 'text']),
  row('signatures-shown', 'core/masker.ts', ['found.slice(0, SIGNATURE_SHOWN)', 'found']),
  row('secret-not-found', 'core/phrase-finder.ts', ['return { phrase, offset };', 'return undefined;']),
  row('always-means-never', 'core/case-filter.ts', ['each.always === true ||', '']),
  row('nothing-else-is-pass', RUN_SUITE, ['isEmpty ? NOTHING_ELSE : found', 'found']),
  row('adapter-exit-swallowed', ADAPTER, ["    child.on('exit',", "    child.on('never',"]),
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
  row('badge-for-partial-run', BADGE, ['if (isFiltered) return undefined;', '']),
  row('badge-hides-not-applicable', BADGE, ['notapplicable === 0', 'notapplicable >= 0']),
  row('badge-counts-applicable-only', BADGE, ['{planned}, ', '{planned - notapplicable}, ']),
  row('badge-bright-with-not-applicable', BADGE, ['counts.pass === planned', 'counts.pass > 0']),
  row('badge-green-without-verdict', BADGE, ['exitCodeOf(records) !== EXIT_CODES.conformant', 'false']),
  row('badge-not-red', BADGE, ["color: 'red'", "color: 'green'"]),
  row('old-badge-unsaid', 'commands/publish.ts', ['existsSync(path)', 'false']),
  row('strict-ignored', 'core/strictly.ts', ["verdict: 'fail'", "verdict: 'warn'"]),
  row('strict-ignored-in-run', 'core/run.ts', ['strict ? strictly(record)', 'strict ? record']),
  row('strict-ignored-with-expect', 'core/run.ts', [
    'strict ? strictly(record)',
    'strict && options.expectations === undefined ? strictly(record)',
  ]),
  row('strict-after-expect', 'core/run.ts', [
    'expectations.judge(judged) : judged',
    'strictly(expectations.judge(record)) : judged',
  ]),
  row('strict-ignored-in-report', REPORT, ['strict ? records.map(strictly)', 'strict ? records']),
  row('nothing-of-one-is-0', EXIT_CODE, [
    'if (untriedImplementations(records).length > 0)',
    'if (planned < 0)',
  ]),
  row('not-applicable-is-tried', 'core/verdict.ts', ["verdict !== 'notapplicable' && ", '']),
  row('error-is-tried', 'core/verdict.ts', [" && verdict !== 'error'", '']),
  row('others-make-up-for-it', UNTRIED, ['each.implementation === implementation && ', '']),
  row('other-layers-do-not-count', UNTRIED, ['!judged.includes(name)', 'name']),
  row('layer-unsaid-on-terminal', 'report/terminal.ts', ['[...layers, ...untried]', 'untried']),
  row('layer-unsaid-in-markdown', 'report/markdown.ts', [
    'of unjudgedLayers(records))',
    'of unjudgedLayers([]))',
  ]),
  row('layer-unsaid-on-page', 'report/html/page.ts', ['unjudgedLayers(records))', 'unjudgedLayers([]))']),
  row('not-applicable-unsaid-in-matrix', 'report/html/matrix.ts', [
    'lacking === 0 ? passed',
    'lacking >= 0 ? passed',
  ]),
  row('judges-itself-unasked', 'commands/run-command.ts', [
    'command === undefined && url === undefined && !self',
    'command === null',
  ]),
  row('vectors-of-itself-unasked', 'commands/vectors-command.ts', [
    'command === undefined && !self',
    'command === null',
  ]),
  row('dry-run-runs', PERFORM, ['if (dryrun)', 'if (dryrun && trace)']),
  row('dry-run-is-always-0', PERFORM, ['isEachTried(planned) ?', 'planned ?']),
  row('dry-run-hopes', DRY_RUN, ["applies !== 'no'", "applies !== 'never'"]),
  row('dry-run-one-for-all', DRY_RUN, [
    'tried.some((each) => each.label === label)',
    'label !== "" && tried.length > 0',
  ]),
  row('dry-run-forgets-needs', DRY_RUN, ['if (needs.every(', 'if (needs.length < 9 || needs.every(']),
  row('folded-case-vanishes', FOLDING, ['group.slice(inFull.length)', 'group.slice(inFull.length + 1)']),
  row('folded-kind-vanishes', FOLDING, ['if (shown > 0)', 'if (shown === 0) return []; else if (shown > 0)']),
  row('folded-count-wrong', FOLDING, ['{rest.length} more like this', '{rest.length - 1} more like this']),
  row('folded-not-counted', 'report/terminal.ts', [
    'const failed = counts.fail',
    'const failed = Math.min(counts.fail, 2)',
    'report/departure-lines.test.ts',
  ]),
  row('nothing-is-folded', FOLDING, ['FULL_OF_A_KIND = 2', 'FULL_OF_A_KIND = 9_999']),
  row('kinds-mixed-by-what', KIND, ['what, hint', 'hint']),
  row('kinds-mixed-by-hint', KIND, ['what, hint', 'what']),
  row('kinds-by-canonical-string', KIND, ['canonical === undefined ?', 'canonical !== null ?']),
  row('kinds-mixed-by-value', KIND, ['[shape(expected), shape(actual)]', '[]']),
  row('result-counted-twice', REPORT, ['if (earlier !== undefined)', 'if (earlier === null)']),
  row('broken-off-is-complete', REPORT, ['return hasFooter &&', 'return']),
  row('nothing-planned-is-complete', REPORT, ['&& planned > 0', '']),
];
