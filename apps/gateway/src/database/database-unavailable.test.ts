import { describe, expect, it } from 'vitest';
import {
  DatabaseUnavailableError,
  isConnectionStale,
  isDatabaseUnavailable,
  isOutage,
} from './database-unavailable.ts';

const withCode = (code: string) => Object.assign(new Error('x'), { code });
const withState = (code: string) => Object.assign(new Error('x'), { code, severity: 'ERROR' });

describe('isOutage', () => {
  it.each<[string, unknown, boolean]>([
    ['connection refused', withCode('ECONNREFUSED'), true],
    ['connections refused', new AggregateError([withCode('ECONNREFUSED')]), true],
    ['broken pipe', withCode('EPIPE'), true],
    ['host unreachable', withCode('EHOSTUNREACH'), true],
    ['name service', withCode('EAI_AGAIN'), true],
    ['expired certificate', withCode('CERT_HAS_EXPIRED'), true],
    ['shutting down', withState('57P01'), true],
    ['starting up', withState('57P03'), true],
    ['too many connections', withState('53300'), true],
    ['disk full', withState('53100'), true],
    ['I/O error', withState('58030'), true],
    ['statement timeout', withState('57014'), true],
    ['lock timeout', withState('55P03'), true],
    ['idle transaction timeout', withState('25P03'), true],
    ['transaction timeout', withState('25P04'), true],
    ['read-only', withState('25006'), true],
    ['serialization failure', withState('40001'), true],
    ['deadlock', withState('40P01'), true],
    ['unknown completion', withState('40003'), true],
    ['connection exception', withState('08006'), true],
    ['password rejected', withState('28P01'), true],
    ['no such database', withState('3D000'), true],
    ['pool timeout', new Error('timeout exceeded when trying to connect'), true],
    ['lost connection', new Error('Connection terminated unexpectedly'), true],
    ['broken constraint', withState('23514'), false],
    ['broken constraint at commit', withState('40002'), false],
    ['missing table', withState('42P01'), false],
    ['aborted transaction', withState('25P02'), false],
    ['division by zero', withState('22012'), false],
    ['internal error', withState('XX000'), false],
    ['our own mistake', new TypeError('x is not a function'), false],
    ['no error', 'ECONNREFUSED', false],
  ])('%s', (_name, error, expected) => {
    expect(isOutage(error)).toBe(expected);
  });
});

describe('isConnectionStale', () => {
  it.each<[string, unknown, boolean]>([
    ['read-only', withState('25006'), true],
    ['shutting down', withState('57P01'), true],
    ['lost connection', new Error('Connection terminated unexpectedly'), true],
    ['deadlock', withState('40P01'), false],
    ['statement timeout', withState('57014'), false],
    ['our own mistake', new TypeError('x'), false],
  ])('%s', (_name, error, expected) => {
    expect(isConnectionStale(error)).toBe(expected);
  });
});

describe('DatabaseUnavailableError', () => {
  it('has status 503, SQLSTATE and cause, and is recognized inside another error', () => {
    const cause = withState('25006');
    const error = new DatabaseUnavailableError(cause);
    expect(error).toMatchObject({ status: 503, code: '25006', cause });
    expect(new DatabaseUnavailableError(withCode('EPIPE')).code).toBeUndefined();
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(isDatabaseUnavailable(new Error('Database migration failed', { cause: error }))).toBe(true);
    expect(isDatabaseUnavailable(cause)).toBe(false);
    expect(isDatabaseUnavailable(undefined)).toBe(false);
  });
});
