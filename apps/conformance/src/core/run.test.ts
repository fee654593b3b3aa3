import { describe, expect, it } from 'vitest';
import { caseFilter } from './case-filter.ts';
import type { Checker } from './checker.ts';
import type { ConformanceCase, Suite } from './conformance-case.ts';
import { exitCodeOf } from './exit-code.ts';
import { Expectations } from './expectations.ts';
import { type RunOptions, run } from './run.ts';

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
  return [exitCodeOf(records), ...verdicts];
};

describe('run', () => {
  it.each<[name: string, options: RunOptions, expected: readonly unknown[]]>([
    ['warnings', {}, [0, 'warn', 'warn']],
    ['a strict run', { strict: true }, [1, 'fail', 'fail']],
    ['one that is listed', { expectations: known('a') }, [0, 'xfail', 'warn']],
    ['one that is listed, strictly', { strict: true, expectations: known('a') }, [1, 'xfail', 'fail']],
    ['all that are listed, strictly', { strict: true, expectations: known('*') }, [0, 'xfail', 'xfail']],
    ['a stale entry, strictly', { strict: true, expectations: known('c') }, [1, 'fail', 'fail']],
    ['a filter', { filter: caseFilter('b') }, [0, 'warn']],
    ['a filter beside a listed case', { filter: caseFilter('b'), expectations: known('a') }, [0, 'warn']],
    ['a filter that nothing fits', { filter: caseFilter('c') }, [3]],
  ])('comes to the right verdicts: %s', async (_name, options, expected) => {
    expect(await outcome(options)).toEqual(expected);
  });
});
