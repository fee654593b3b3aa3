import { describe, expect, it } from 'vitest';
import { mayHaveBeenSent } from './transport-error.ts';

const failure = (code: string, syscall?: string): Error =>
  Object.assign(new Error(code), { code }, syscall === undefined ? {} : { syscall });

describe('mayHaveBeenSent', () => {
  it.each<[string, unknown, boolean]>([
    ['no connection', failure('ECONNREFUSED', 'connect'), false],
    ['no route', failure('EHOSTUNREACH', 'connect'), false],
    ['a connection that takes too long', failure('ETIMEDOUT', 'connect'), false],
    ['no such name', failure('ENOTFOUND', 'getaddrinfo'), false],
    ['a refused certificate', failure('CERT_HAS_EXPIRED'), false],
    [
      'no connection to any address of a name',
      new AggregateError([failure('ECONNREFUSED', 'connect'), failure('ENETUNREACH', 'connect')]),
      false,
    ],
    ['a connection that breaks', failure('ECONNRESET', 'read'), true],
    ['a route lost half-way', failure('EHOSTUNREACH', 'read'), true],
    ['a write that fails', failure('EPIPE', 'write'), true],
    ['a code alone', failure('ECONNREFUSED'), true],
    ['something unknown', undefined, true],
  ])('%s', (_, error, expected) => {
    expect(mayHaveBeenSent(error)).toBe(expected);
  });
});
