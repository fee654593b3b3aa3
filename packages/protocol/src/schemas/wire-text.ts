import { z } from 'zod';

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');

/** A text in a request: bounded in length, well-formed Unicode, no NUL, so that two different texts stay different when stored. */
export const wireText = (minimum: number, maximum: number) =>
  z
    .string()
    .min(minimum)
    .max(maximum)
    .refine(isStorable, { error: 'String should be well-formed Unicode without NUL', abort: true });
