import { z } from 'zod';

/** The answer of an endpoint that returns one thing. Unknown fields are kept. Contract §3. */
export const single = <Data extends z.ZodType>(data: Data) =>
  z.looseObject({ success: z.literal(true), message: z.string(), data });

/** The answer of an endpoint that returns rows; adds `data_count`. Contract §3. */
export const collection = <Row extends z.ZodType>(row: Row) =>
  z.looseObject({ success: z.literal(true), message: z.string(), data: z.array(row), data_count: z.int() });
