import { describe, expect, it } from 'vitest';
import { readMessage } from './read-message.ts';

describe('readMessage', () => {
  it.each([
    [{ message: 'x' }, 'x'],
    ['{"message":"x"}', 'x'],
    [Buffer.from('{"message":"x"}'), 'x'],
    [{}, undefined],
    ['{}', undefined],
    ['null', undefined],
    ['<html>', undefined],
    [null, undefined],
    [undefined, undefined],
    [5, undefined],
  ])('of %o is %s', (data, message) => {
    expect(readMessage(data)).toBe(message);
  });
});
