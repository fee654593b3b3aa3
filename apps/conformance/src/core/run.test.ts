import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { exchange } from '../wire/connection.ts';
import { createCaseFilter } from './case-filter.ts';
import { pause } from './case-scope.ts';
import { type Checker, ImplementationFailure, NotApplicable, NoVerdict, Unresponsive } from './checker.ts';
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
    ['error', makeCase(async () => Promise.reject(new NoVerdict('no room')))],
    ['fail', makeCase(() => pause(60_000), { timeoutMs: 5 })],
    ['fail', makeCase(async () => Promise.reject(new ImplementationFailure('it broke')))],
    [
      'fail',
      makeCase(async () => Promise.reject(new ImplementationFailure('it broke')), { level: 'SHOULD' }),
    ],
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

  it('fails a case that cannot read a response, with the exchange', async () => {
    const suite = createSuite(
      makeCase(async (check) => {
        check.addExchange({ sent: 'GET /', received: 'null' });
        const row: { readonly name: string } = JSON.parse('null');
        check.equal('name', { expected: 'x', actual: row.name });
      }),
    );
    expect(await getVerdicts(suite)).toMatchObject([
      {
        verdict: 'fail',
        diff: { what: 'response', exchanges: [{ sent: 'GET /', received: 'null' }] },
      },
    ]);
  });

  it('ends a case at its deadline: it cleans up before the next case, and sends nothing more', async () => {
    const log: string[] = [];
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        log.push(bytes.toString());
        if (bytes.includes('answered')) socket.end('HTTP/1.1 200 OK\r\n\r\n');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const ask = (text: string) => exchange(address, Buffer.from(text), 60_000);
    const late = makeCase(
      async () => {
        try {
          await ask('never ').catch(() => undefined);
          await ask('late ');
        } catch (error) {
          log.push(`${(error as Error).name} `);
          throw error;
        } finally {
          // Like the reset of a clock.
          await new Promise((resolve) => setTimeout(resolve, 20));
          log.push('cleaned ');
        }
      },
      { timeoutMs: 300 },
    );
    const next = makeCase(async (check) => {
      await ask('answered ');
      check.equal('text', { expected: 'x', actual: 'x' });
    });
    const verdicts = await getVerdicts(createSuite(late, { ...next, id: 'b' }));
    server.close();
    expect(verdicts.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(['a fail', 'b pass']);
    expect(log.join('')).toBe('never CaseOver cleaned answered ');
  });

  it('gives a case more time when every response is slow', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => setTimeout(() => socket.end('HTTP/1.1 200 OK\r\n\r\n'), 100));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const many = makeCase(
      async (check) => {
        for (let i = 0; i < 8; i++) await exchange(address, Buffer.from('GET / HTTP/1.1\r\n\r\n'));
        check.equal('text', { expected: 'x', actual: 'x' });
      },
      // Too little for eight responses; four times that is enough on a busy machine too.
      { timeoutMs: 700 },
    );
    expect(await getVerdicts(createSuite(many))).toMatchObject([{ verdict: 'pass' }]);
    server.close();
  });

  it('does not try the others after many cases without a response, one after the other', async () => {
    let tried = 0;
    const silent = makeCase(async () => {
      tried++;
      throw new Unresponsive('silence');
    });
    const cases = Array.from({ length: 30 }, (_, i) => ({ ...silent, id: `c${i}` }));
    const verdicts = await getVerdicts(createSuite(...cases, makeCase(equal('x', 'x'), { always: true })));
    expect(tried).toBe(15);
    expect(verdicts.map(({ verdict }) => verdict)).toEqual([...cases.map(() => 'fail'), 'pass']);
    expect(verdicts.at(29)?.diff?.actual).toBe('not tried: no response in 15 cases, one after the other');
  });

  it('ends although the implementation cannot be closed', async () => {
    const suite = createSuite(makeCase(equal('x', 'x')));
    const open = async () => ({ ...(await suite.open()), close: () => Promise.reject(new Error('dead')) });
    expect(await getVerdicts({ ...suite, open })).toMatchObject([{ verdict: 'pass' }]);
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
