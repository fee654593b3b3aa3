import { z } from 'zod';
import { plural } from '../wire-message.ts';

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
// Characters, not UTF-16 units: what users count, and what databases and other languages do.
const countCharacters = (text: string): number => [...text].length;

/** A text in a request: bounded in length, well-formed Unicode, no NUL, so that two different texts stay different when stored. */
export const wireText = (minimum: number, maximum: number) =>
  z
    .string()
    .refine((text) => countCharacters(text) >= minimum, {
      error: `String should have at least ${plural(minimum, 'character')}`,
      abort: true,
    })
    .refine((text) => countCharacters(text) <= maximum, {
      error: `String should have at most ${plural(maximum, 'character')}`,
      abort: true,
    })
    .refine(isStorable, { error: 'String should be well-formed Unicode without NUL', abort: true })
    .meta({ minLength: minimum, maxLength: maximum });
