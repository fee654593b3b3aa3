import { expect, it } from 'vitest';
import { z } from 'zod';
import { wireText } from './wire-text.ts';

const text = wireText(2, 4);

it.each(['ab', 'abcd', '€uro', '😀😀', '😀😀😀😀', 'e\u0301e\u0301', ' \n'])('accepts %j', (value) => {
  expect(text.parse(value)).toBe(value);
});

it.each([
  ['', 'String should have at least 2 characters'],
  ['a', 'String should have at least 2 characters'],
  ['😀', 'String should have at least 2 characters'],
  ['abcde', 'String should have at most 4 characters'],
  ['a\u0000b', 'String should be well-formed Unicode without NUL'],
  ['ab\ud800', 'String should be well-formed Unicode without NUL'],
  ['\udc00ab', 'String should be well-formed Unicode without NUL'],
])('refuses %j', (value, reason) => {
  expect(text.safeParse(value).error?.issues).toMatchObject([{ message: reason }]);
});

it('says one character, not one characters', () => {
  expect(wireText(1, 1).safeParse('').error?.issues[0]?.message).toBe(
    'String should have at least 1 character',
  );
  expect(wireText(1, 1).safeParse('ab').error?.issues[0]?.message).toBe(
    'String should have at most 1 character',
  );
});

it('documents its length', () => {
  expect(z.toJSONSchema(text)).toMatchObject({ type: 'string', minLength: 2, maxLength: 4 });
});
