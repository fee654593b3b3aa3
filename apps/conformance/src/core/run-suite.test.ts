import { describe, expect, it } from 'vitest';
import { type Checker, NotApplicable } from './checker.ts';
import type { ConformanceCase, Suite } from './conformance-case.ts';
import type { CaseRecord, ResultRecord } from './record.ts';
import { runSuite } from './run-suite.ts';

const makeCase = (
  run: (check: Checker) => Promise<void>,
  extra: Partial<ConformanceCase<Checker>> = {},
): ConformanceCase<Checker> => ({ id: 'a', group: 'g', description: 'd', spec: '§1', run, ...extra });

const suiteOf = (...cases: readonly ConformanceCase<Checker>[]): Suite<Checker> => ({
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

const verdictsOf = async (suite: Suite<Checker>): Promise<readonly CaseRecord[]> => {
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
    expect(await verdictsOf(suiteOf(testCase))).toMatchObject([{ id: 'a', verdict }]);
  });

  it('goes on after a failure and after an error', async () => {
    const suite = suiteOf(
      makeCase(equal('x', 'y'), { id: 'a' }),
      makeCase(async () => Promise.reject(new Error('broken')), { id: 'b' }),
      makeCase(equal('x', 'x'), { id: 'c' }),
    );
    const verdicts = await verdictsOf(suite);
    expect(verdicts.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(['a fail', 'b error', 'c pass']);
  });

  it('makes every planned case an error when the implementation does not start', async () => {
    const suite = {
      ...suiteOf(makeCase(equal('x', 'x'))),
      open: () => Promise.reject(new Error('no such file')),
    };
    expect(await verdictsOf(suite)).toMatchObject([
      { implementation: 'label', verdict: 'error', reason: 'could not start: no such file' },
    ]);
  });

  it('says where two texts part', async () => {
    const [record] = await verdictsOf(suiteOf(makeCase(equal('a=1&b=2', 'a=1&c=2'))));
    expect(record?.finding).toEqual({
      what: 'text',
      expected: 'a=1&b=2',
      actual: 'a=1&c=2',
      firstDifference: 4,
    });
  });

  it('has no verdict on what is tried with every other case when nothing else had one', async () => {
    const always = makeCase(equal('x', 'x'), { id: 'z', always: true });
    const verdictsWith = async (other: ConformanceCase<Checker>) =>
      (await verdictsOf(suiteOf(other, always))).map(({ verdict }) => verdict);
    expect(await verdictsWith(makeCase(equal('x', 'x'), { needs: ['clock'] }))).toEqual([
      'notapplicable',
      'notapplicable',
    ]);
    expect(await verdictsWith(makeCase(equal('x', 'y')))).toEqual(['fail', 'pass']);
  });
});
