import { z } from 'zod';

/** The answer of an endpoint that returns one thing. Unknown fields are kept. Contract §3. */
export const single = <Data extends z.ZodType>(data: Data) =>
  z.looseObject({ success: z.literal(true), message: z.string(), data });

/** The answer of an endpoint that returns rows; adds `data_count`. Contract §3. */
export const collection = <Row extends z.ZodType>(row: Row) =>
  z.looseObject({ success: z.literal(true), message: z.string(), data: z.array(row), data_count: z.int() });

/** The answer of an endpoint that returns rows a page at a time; adds `next_cursor` and `has_more`. Contract §3. */
export const page = <Row extends z.ZodType>(row: Row) =>
  z.looseObject({
    ...collection(row).shape,
    /** What to pass as `cursor` for the next page; `null` on the last one. */
    next_cursor: z.int().nullable(),
    has_more: z.boolean(),
  });
