import { z } from 'zod';

const ID = /^[1-9][0-9]{0,18}$/;

/**
 * An id in a request: `[1-9][0-9]{0,18}`. Callers may pass a number; it is kept as text, because it may be larger than a
 * JavaScript number holds. Contract §4.
 */
export const requestId = z
  .union([z.string(), z.number(), z.bigint()])
  .transform((input, context) => {
    const text = String(input);
    if (ID.test(text)) return text;
    context.addIssue({ code: 'custom', message: 'Input should be a valid integer' });
    return z.NEVER;
  })
  .meta({ type: 'integer', format: 'int64', minimum: 1 });

/** An id in a response. Contract §4. */
export const integerId = z.int();
