import { describe, expect, it } from 'vitest';
import { createCaseFilter } from './case-filter.ts';
import { type Checker, NotApplicable } from './checker.ts';
import { Expectations } from './expectations.ts';
import type { CaseRecord, ResultRecord } from './record.ts';
import { type RunOptions, run, runSuite } from './run.ts';
import type { ConformanceCase, Suite } from './suite.ts';
import { getExitCode } from './tally.ts';

const warned = (id: string): ConformanceCase<Checker> => ({
  id,
  group: 'g',
  description: 'd',
  spec: '§1',
  level: 'SHOULD',
  run: async (check) => check.equal('text', { expected: 'x', actual: 'y' }),
});

const suite: Suite<Checker> = {
  layer: 'vectors',
  label: 'it',
  cases: [warned('a'), warned('b')],
  open: async () => ({
    implementation: { name: 'it' },
    capabilities: new Set(),
    context: (check) => check,
    close: async () => undefined,
  }),
};

const known = (pattern: string) => Expectations.parse(`- case: "${pattern}"\n  reason: known\n`);

const outcome = async (options: RunOptions) => {
  const records = await run((plan) => plan.add(suite), options);
  const verdicts = records.flatMap((record) => (record.type === 'case' ? [record.verdict] : []));
  return [getExitCode(records), ...verdicts];
};

describe('run', () => {
  it.each<[name: string, options: RunOptions, expected: readonly unknown[]]>([
    ['warnings', {}, [0, 'warn', 'warn']],
    ['a strict run', { strict: true }, [1, 'fail', 'fail']],
    ['one that is listed', { expectations: known('a') }, [0, 'xfail', 'warn']],
    ['one that is listed, strictly', { strict: true, expectations: known('a') }, [1, 'xfail', 'fail']],
    ['all that are listed, strictly', { strict: true, expectations: known('*') }, [0, 'xfail', 'xfail']],
    ['a stale entry, strictly', { strict: true, expectations: known('c') }, [1, 'fail', 'fail']],
    ['a filter', { filter: createCaseFilter('b') }, [0, 'warn']],
    [
      'a filter beside a listed case',
      { filter: createCaseFilter('b'), expectations: known('a') },
      [0, 'warn'],
    ],
    ['a filter that nothing fits', { filter: createCaseFilter('c') }, [3]],
  ])('comes to the right verdicts: %s', async (_name, options, expected) => {
    expect(await outcome(options)).toEqual(expected);
  });
});

const makeCase = (
  run: (check: Checker) => Promise<void>,
  extra: Partial<ConformanceCase<Checker>> = {},
): ConformanceCase<Checker> => ({ id: 'a', group: 'g', description: 'd', spec: '§1', run, ...extra });

const createSuite = (...cases: readonly ConformanceCase<Checker>[]): Suite<Checker> => ({
  layer: 'vectors',
  label: 'label',
  cases,
  open: async () => ({
    implementation: { name: 'it' },
    capabilities: new Set(['sign']),
    context: (check) => check,
    close: async () => undefined,
  }),
});

const getVerdicts = async (suite: Suite<Checker>): Promise<readonly CaseRecord[]> => {
  const records: ResultRecord[] = [];
  await runSuite(suite, (record) => records.push(record));
  return records.filter((record) => record.type === 'case');
};

const equal = (expected: string, actual: string) => async (check: Checker) =>
  check.equal('text', { expected, actual });

describe('runSuite', () => {
  it.each<[verdict: string, testCase: ConformanceCase<Checker>]>([
    ['pass', makeCase(equal('x', 'x'))],
    ['fail', makeCase(equal('x', 'y'))],
    ['fail', makeCase(equal('x', 'xy'))],
    ['fail', makeCase(equal('xy', 'x'))],
    ['warn', makeCase(async (check) => check.recommends(false, { what: 'w', expected: 'e', actual: 'a' }))],
    ['warn', makeCase(equal('x', 'y'), { level: 'SHOULD' })],
    ['notapplicable', makeCase(equal('x', 'x'), { needs: ['sign', 'clock'] })],
    ['notapplicable', makeCase(async () => Promise.reject(new NotApplicable('not here')))],
    ['error', makeCase(async () => Promise.reject(new Error('broken')))],
    ['error', makeCase(async () => undefined)],
    ['error', makeCase(() => new Promise(() => undefined), { timeoutMs: 5 })],
  ])('judges %s', async (verdict, testCase) => {
    expect(await getVerdicts(createSuite(testCase))).toMatchObject([{ id: 'a', verdict }]);
  });

  it('goes on after a failure and after an error', async () => {
    const suite = createSuite(
      makeCase(equal('x', 'y'), { id: 'a' }),
      makeCase(async () => Promise.reject(new Error('broken')), { id: 'b' }),
      makeCase(equal('x', 'x'), { id: 'c' }),
    );
    const verdicts = await getVerdicts(suite);
    expect(verdicts.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(['a fail', 'b error', 'c pass']);
  });

  it('makes every planned case an error when the implementation does not start', async () => {
    const suite = {
      ...createSuite(makeCase(equal('x', 'x'))),
      open: () => Promise.reject(new Error('no such file')),
    };
    expect(await getVerdicts(suite)).toMatchObject([
      { implementation: 'label', verdict: 'error', reason: 'could not start: no such file' },
    ]);
  });

  it('says where two texts part', async () => {
    const [record] = await getVerdicts(createSuite(makeCase(equal('a=1&b=2', 'a=1&c=2'))));
    expect(record?.diff).toEqual({
      what: 'text',
      expected: 'a=1&b=2',
      actual: 'a=1&c=2',
      firstDifference: 4,
    });
  });

  it('has no verdict on what is tried with every other case when nothing else had one', async () => {
    const always = makeCase(equal('x', 'x'), { id: 'z', always: true });
    const verdictsWith = async (other: ConformanceCase<Checker>) =>
      (await getVerdicts(createSuite(other, always))).map(({ verdict }) => verdict);
    expect(await verdictsWith(makeCase(equal('x', 'x'), { needs: ['clock'] }))).toEqual([
      'notapplicable',
      'notapplicable',
    ]);
    expect(await verdictsWith(makeCase(equal('x', 'y')))).toEqual(['fail', 'pass']);
  });
});
