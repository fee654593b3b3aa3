import { z } from 'zod';
import { integerId } from '../schemas/integer-id.ts';

/** The envelope of a webhook. Unknown fields are kept. Contract §5. */
export const webhookEnvelope = <const Name extends string, Data extends z.ZodType>(event: Name, data: Data) =>
  z.looseObject({
    /** The same on every retry: deduplicate on it. */
    id: integerId,
    event: z.literal(event),
    created_at: z.string(),
    api_version: z.string(),
    data,
  });
