import { describe, expect, it } from 'vitest';
import type { Adapter } from '../adapter/adapter.ts';
import type { CallResult } from '../adapter/responses.ts';
import { Checker } from '../core/checker.ts';
import { Masker } from '../core/masker.ts';
import { Randomness } from '../core/run-settings.ts';
import { ClientUnderTest } from './client-under-test.ts';
import { containsSent, expectError, expectRow, expectRowOrError, ROW } from './expect-result.ts';

it.each<[name: string, sent: unknown, read: unknown]>([
  ['the same', [{ a: '1.0', b: null }], [{ a: '1.0', b: null }]],
  ['one with more in it', { a: 1 }, { a: 1, b: 2 }],
  ['null left out', { a: 1, b: null }, { a: 1 }],
])('contains all that was sent: %s', (_name, sent, read) => {
  expect(containsSent(sent, read)).toBe(true);
});

it.each<[name: string, sent: unknown, read: unknown]>([
  ['nothing', { a: 1 }, undefined],
  ['an empty list', [{ a: 1 }], []],
  ['one row too many', [{ a: 1 }], [{ a: 1 }, { a: 1 }]],
  ['a list for an object', { a: 1 }, [{ a: 1 }]],
  ['an object for a list', [], {}],
  ['null for a row', [{ a: 1 }], [null]],
  ['a member left out', { a: 1, b: 2 }, { a: 1 }],
  ['a value for null', { a: null }, { a: 0 }],
  ['a number for a text', { a: '1.0' }, { a: 1 }],
  ['another text for the same number', { a: '1.0' }, { a: '1' }],
])('does not contain all that was sent: %s', (_name, sent, read) => {
  expect(containsSent(sent, read)).toBe(false);
});

const masker = new Masker();
masker.addSecret('a secret of this run');
const client = new ClientUnderTest(new Checker(), {} as Adapter, { masker, random: new Randomness('seed') });

const ok = (data: unknown): CallResult => ({ ok: true, data });
const error = (kind: string, message: string, status?: number): CallResult => ({
  ok: false,
  error: { kind, message, ...(status === undefined ? {} : { status }) },
});

describe('the result of a call', () => {
  it.each<[name: string, response: CallResult, what: string]>([
    ['an error', error('unreadable', 'no'), 'result of the call'],
    ['no data', ok(undefined), 'data'],
    ['no row', ok([]), 'data'],
    ['two rows', ok([ROW, ROW]), 'data'],
    ['null for a row', ok([null]), 'data'],
    ['another amount', ok([{ ...ROW, held: '200.0' }]), 'data'],
    ['a number', ok([{ ...ROW, held: 200 }]), 'data'],
  ])('is not the row that was sent: %s', (_name, response, what) => {
    expect(() => expectRow(client, response)).toThrow(what);
  });

  it('may be a row with more members', () => {
    expectRow(client, ok([{ ...ROW, colour: 'red' }]));
    expectRowOrError(client, ok([ROW]));
  });

  it.each<[name: string, response: CallResult, what: string]>([
    ['a success', ok([ROW]), 'result of the call'],
    ['an error without a kind', error('', 'no', 403), 'kind of the error'],
    ['an error without its status', error('refused', 'no'), 'status of the error'],
    ['an error with the secret', error('refused', 'for a secret of this run', 403), 'secret in the error'],
  ])('is not the expected error: %s', (_name, response, what) => {
    expect(() => expectError(client, response, 403)).toThrow(what);
  });

  it('may be an error where both are accepted, but not another row', () => {
    expectRowOrError(client, error('unreadable', 'no'));
    expect(() => expectRowOrError(client, ok([]))).toThrow('data');
  });
});
