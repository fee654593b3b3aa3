import { z } from 'zod';

/** A text that the database can keep: PostgreSQL has no place for NUL. */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\u0000'), { error: 'String should be without NUL' });
