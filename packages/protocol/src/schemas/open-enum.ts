import { z } from 'zod';

/** One of the known values, or a text that a later version of the gateway may send. */
export type OpenEnum<Known extends string> = Known | (string & {});

/** An enum in a response: known values are suggested by the type, unknown ones accepted. Contract §6, rule 8. */
export const openEnum = <const Known extends readonly string[]>(
  known: Known,
): z.ZodType<OpenEnum<Known[number]>> => z.string().meta({ 'x-extensible-enum': known });
