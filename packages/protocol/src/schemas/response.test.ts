import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { collection, page, single } from './response.ts';

describe('single', () => {
  it('reads the envelope, unknown fields included', () => {
    const answer = { success: true, message: 'OK', data: 'x', later: 1 };
    expect(single(z.string()).parse(answer)).toEqual(answer);
  });

  it.each([
    { success: false, message: 'OK', data: 'x' },
    { success: true, data: 'x' },
    { success: true, message: 'OK', data: 5 },
    { success: true, message: 'OK' },
  ])('refuses %j', (answer) => {
    expect(single(z.string()).safeParse(answer).success).toBe(false);
  });
});

describe('collection', () => {
  it('reads rows and their count', () => {
    const answer = { success: true, message: 'OK', data: ['x'], data_count: 1 };
    expect(collection(z.string()).parse(answer)).toEqual(answer);
  });

  it.each([
    { success: true, message: 'OK', data: ['x'] },
    { success: true, message: 'OK', data: 'x', data_count: 1 },
    { success: true, message: 'OK', data: [5], data_count: 1 },
  ])('refuses %j', (answer) => {
    expect(collection(z.string()).safeParse(answer).success).toBe(false);
  });
});

describe('page', () => {
  const answer = { success: true, message: 'OK', data: ['x'], data_count: 1, next_cursor: 5, has_more: true };

  it.each([answer, { ...answer, next_cursor: null, has_more: false }])('reads %j', (given) => {
    expect(page(z.string()).parse(given)).toEqual(given);
  });

  it.each([
    { ...answer, next_cursor: undefined },
    { ...answer, next_cursor: '5' },
    { ...answer, has_more: undefined },
    { ...answer, has_more: 1 },
  ])('refuses %j', (given) => {
    expect(page(z.string()).safeParse(given).success).toBe(false);
  });
});
