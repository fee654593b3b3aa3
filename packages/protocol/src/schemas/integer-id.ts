import { z } from 'zod';

/** An id in a path: `[1-9][0-9]{0,18}`, kept as text because it may be larger than a JavaScript number holds. Contract §4. */
export const pathId = z.string().regex(/^[1-9][0-9]{0,18}$/, { error: 'Input should be a valid integer' });

/** An id in a response. Contract §4. */
export const integerId = z.int();
