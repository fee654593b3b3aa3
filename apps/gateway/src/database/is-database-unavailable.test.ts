import { expect, it } from 'vitest';
import { isDatabaseUnavailable } from './is-database-unavailable.ts';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

it.each([
  ['refused connection', withCode('ECONNREFUSED'), true],
  ['refused connections', new AggregateError([withCode('ECONNREFUSED')]), true],
  ['shutting down', withCode('57P01'), true],
  ['too many connections', withCode('53300'), true],
  ['statement timeout', withCode('57014'), true],
  ['deadlock', withCode('40P01'), true],
  ['connection exception', withCode('08006'), true],
  ['pool timeout', new Error('timeout exceeded when trying to connect'), true],
  ['lost connection', new Error('Connection terminated unexpectedly'), true],
  ['broken constraint', withCode('23514'), false],
  ['missing table', withCode('42P01'), false],
  ['other error', new Error('x'), false],
  ['no error', 'ECONNREFUSED', false],
])('%s', (_name, error, expected) => {
  expect(isDatabaseUnavailable(error)).toBe(expected);
});
