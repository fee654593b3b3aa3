import { expect, it } from 'vitest';
import { agrees } from './agrees.ts';

it.each<[name: string, sent: unknown, read: unknown]>([
  ['the same', [{ a: '1.0', b: null }], [{ a: '1.0', b: null }]],
  ['one with more in it', { a: 1 }, { a: 1, b: 2 }],
  ['null left out', { a: 1, b: null }, { a: 1 }],
])('agrees: %s', (_name, sent, read) => {
  expect(agrees(sent, read)).toBe(true);
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
])('does not agree: %s', (_name, sent, read) => {
  expect(agrees(sent, read)).toBe(false);
});
