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
const TALLY = 'core/tally.ts';
const RUN = 'core/run.ts';
const ADAPTER = 'adapter/adapter-process.ts';
const DRY_RUN = 'core/dry-run.ts';
const BADGE = 'report/badge.ts';
const FOLDING = 'report/failure-lines.ts';
const PERFORM = 'commands/perform.ts';
const REPORT = 'commands/report.ts';

/** The test of a file that has none of its name beside it. */
const TESTED_BY: Readonly<Record<string, string>> = {
  [CHECKER]: 'core/run.test.ts',
  'core/record.ts': 'core/tally.test.ts',
  'report/terminal.ts': 'report/unjudged-layers.test.ts',
  'report/markdown.ts': 'report/unjudged-layers.test.ts',
  'report/html.ts': 'report/unjudged-layers.test.ts',
  'commands/perform.ts': 'commands/reporting.test.ts',
  'commands/report.ts': 'commands/reporting.test.ts',
  'commands/run-command.ts': 'commands/main.test.ts',
  'commands/adapter-commands.ts': 'commands/main.test.ts',
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
    'if (!condition) throw new CaseFailure(',
    'if (condition) throw new CaseFailure(',
  ]),
  row('status-ignored', 'server/server-response.ts', [
    'line(expected.status, expected.message)',
    'line(response.status, expected.message)',
  ]),
  row('message-ignored', 'server/server-response.ts', [
    'line(expected.status, expected.message)',
    'line(expected.status, message)',
  ]),
  row('fields-ignored', 'server/server-response.ts', [
    "expected: 'message, success'",
    'expected: listFields(response.json)',
  ]),
  row('missing-is-pass', TALLY, ['seen !== planned ||', '']),
  row('no-footer-is-complete', TALLY, ['!hasFooter ||', '']),
  row('error-is-pass', TALLY, ['counts.error > 0 ||', '']),
  row('zero-cases-is-0', TALLY, ['|| judged === 0', '']),
  row('stale-is-pass', TALLY, ['counts.fail + counts.xpass +', 'counts.fail +']),
  row('unmatched-is-pass', TALLY, ['+ unmatchedExpectations', '']),
  row('failure-is-pass', TALLY, ['failures > 0', 'failures > 9']),
  row('repeat-counts-as-seen', TALLY, ['seen.add(getKey(record));', 'seen.add(String(seen.size));']),
  row('last-case-skipped', RUN, ['of cases) {', 'of cases.slice(0, -1)) {']),
  row('nothing-checked-is-pass', RUN, ['check.count === 0', 'check.count < 0']),
  row('exception-is-pass', RUN, [
    "return { verdict: 'error', reason: describeError(error) };",
    "return { verdict: 'pass' };",
  ]),
  row('breakdown-is-pass', RUN, [
    "return { verdict: 'fail', diff: check.createFailure(diff).diff };",
    "return { verdict: 'pass' };",
  ]),
  row('late-case-goes-on', RUN, ['controller.abort(new CaseOver());', '']),
  row('next-case-does-not-wait', RUN, [
    'await withDeadline(attempt, CLEAN_UP_MS).catch((error: unknown) => error)',
    'undefined',
  ]),
  row('silence-forgotten', RUN, ['unresponsive++;', '']),
  row('needs-ignored', RUN, ['if (missing !== undefined)', 'if (missing === null)']),
  row('patterns-match-all', 'core/case-filter.ts', [
    'picomatch(pattern)',
    '() => true',
    'core/expectations.test.ts',
  ]),
  row('patterns-unanchored', 'core/case-filter.ts', [
    'picomatch(pattern)',
    "picomatch('*' + pattern + '*')",
    'core/expectations.test.ts',
  ]),
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
  row('secret-not-found', 'core/masker.ts', ['return { phrase, offset };', 'return undefined;']),
  row('always-means-never', 'core/case-filter.ts', ['each.always === true ||', '']),
  row('nothing-else-is-pass', RUN, ['isEmpty ? NOTHING_ELSE : found', 'found']),
  row('adapter-exit-swallowed', ADAPTER, ["child.on('exit',", "child.on('never',"]),
  row('garbage-swallowed', ADAPTER, [
    'return `the adapter wrote a line that is not JSON',
    'if (line) return undefined; else return `',
  ]),
  row('second-answer-accepted', ADAPTER, ['if (this.#settled.has(id))', 'if (id === undefined)']),
  row('unknown-id-accepted', ADAPTER, [
    "return 'the adapter responded to an id that was never sent';",
    'return undefined;',
  ]),
  row('adapter-failure-accepted', ADAPTER, ["typeof result.error === 'string'", 'result === undefined']),
  row('adapter-not-started-again', 'adapter/json-lines-adapter.ts', [
    'if (failure === undefined ||',
    'if (failure !== null ||',
    'commands/hostile-implementations.test.ts',
  ]),
  row('breakdown-between-cases-accepted', 'adapter/json-lines-adapter.ts', [
    'if (!isReported) throw',
    'if (!isReported) void',
  ]),
  row('badge-for-partial-run', BADGE, ['if (isFiltered) return undefined;', '']),
  row('badge-hides-not-applicable', BADGE, ['notapplicable === 0', 'notapplicable >= 0']),
  row('badge-counts-applicable-only', BADGE, ['{planned}, ', '{planned - notapplicable}, ']),
  row('badge-bright-with-not-applicable', BADGE, ['counts.pass === planned', 'counts.pass > 0']),
  row('badge-green-without-verdict', BADGE, ['getExitCode(records) !== EXIT_CODES.conformant', 'false']),
  row('badge-not-red', BADGE, ["color: 'red'", "color: 'green'"]),
  row('old-badge-unsaid', 'commands/perform.ts', ['existsSync(path)', 'false']),
  row('strict-ignored', TALLY, ["verdict: 'fail'", "verdict: 'warn'", 'core/run.test.ts']),
  row('strict-ignored-in-run', RUN, ['strict ? applyStrict(record)', 'strict ? record']),
  row('strict-ignored-with-expect', RUN, [
    'strict ? applyStrict(record)',
    'strict && options.expectations === undefined ? applyStrict(record)',
  ]),
  row('strict-after-expect', RUN, [
    'withRepeat(expectations.judge(judged)) : judged',
    'applyStrict(expectations.judge(record)) : judged',
  ]),
  row('strict-ignored-in-report', REPORT, ['strict ? records.map(applyStrict)', 'strict ? records']),
  row('nothing-of-one-is-0', TALLY, ['if (untriedImplementations(records).length > 0)', 'if (planned < 0)']),
  row('not-applicable-is-tried', 'core/record.ts', ["verdict !== 'notapplicable' && ", '']),
  row('error-is-tried', 'core/record.ts', [" && verdict !== 'error'", '']),
  row('others-make-up-for-it', TALLY, ['each.implementation === implementation && ', '']),
  row('other-layers-do-not-count', TALLY, ['!judged.includes(name)', 'name']),
  row('layer-unsaid-on-terminal', 'report/terminal.ts', ['[...layers, ...untried]', 'untried']),
  row('layer-unsaid-in-markdown', 'report/markdown.ts', [
    'of unjudgedLayers(records))',
    'of unjudgedLayers([]))',
  ]),
  row('layer-unsaid-on-page', 'report/html.ts', ['unjudgedLayers(records))', 'unjudgedLayers([]))']),
  row('not-applicable-unsaid-in-matrix', 'report/html.ts', [
    'lacking === 0 ? passed',
    'lacking >= 0 ? passed',
    'report/reports.test.ts',
  ]),
  row('judges-itself-unasked', 'commands/run-command.ts', [
    'command === undefined && url === undefined && !self',
    'command === null',
  ]),
  row('vectors-of-itself-unasked', 'commands/adapter-commands.ts', [
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
    'report/failure-lines.test.ts',
  ]),
  row('nothing-is-folded', FOLDING, ['FULL_OF_A_KIND = 2', 'FULL_OF_A_KIND = 9_999']),
  row('kinds-mixed-by-what', FOLDING, ['...common, what, hint', '...common, hint']),
  row('kinds-mixed-by-hint', FOLDING, ['...common, what, hint', '...common, what']),
  row('kinds-by-canonical-string', FOLDING, ['canonical === undefined ?', 'canonical !== null ?']),
  row('kinds-mixed-by-value', FOLDING, ['[shape(expected), shape(actual)]', '[]']),
  row('result-counted-twice', REPORT, ['if (earlier !== undefined)', 'if (earlier === null)']),
  row('broken-off-is-complete', REPORT, ['return hasFooter &&', 'return']),
  row('nothing-planned-is-complete', REPORT, ['&& planned > 0', '']),
];
