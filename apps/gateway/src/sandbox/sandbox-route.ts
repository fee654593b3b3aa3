import type { Page } from '@cpg/console/api';
import { errorEnvelope, isRejection, REJECTIONS, type Rejection, successEnvelope } from '@cpg/protocol';
import { sendRejection } from '@cpg/server-middleware';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { isAmount } from '../operator-input.ts';

/** Validates path parameters with the body, or the query of a GET, and sends the handler's result; `undefined` becomes a 404. */
export const sandboxRoute =
  <Input extends z.ZodType>(
    input: Input,
    handler: (input: z.output<Input>) => Promise<unknown | Rejection | undefined>,
  ): RequestHandler =>
  async (request, response) => {
    const given = request.method === 'GET' ? request.query : (request.body as object | undefined);
    const parsed = input.safeParse({ ...given, ...request.params });
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      response.status(422).json(errorEnvelope(problems.join('; ')));
      return;
    }
    const result = await handler(parsed.data);
    if (result === undefined) sendRejection(response, REJECTIONS.not_found);
    else if (isRejection(result)) sendRejection(response, result);
    else response.json(successEnvelope(result));
  };

export const PAGE_ROWS = 50;

/** A page of the rows that were read: one row more than a page has shows that there is another page. */
export const createPage = <Row>(
  rows: readonly Row[],
  getCursor: (row: Row) => number | string,
): Page<Row> => {
  const shown = rows.slice(0, PAGE_ROWS);
  const last = rows.length > PAGE_ROWS ? shown.at(-1) : undefined;
  return { rows: shown, next_cursor: last === undefined ? null : getCursor(last) };
};

/** A text without NUL, which PostgreSQL cannot store. */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\u0000'), { error: 'String should be without NUL' });

/** A decimal string greater than 0. */
export const decimalAmount = z
  .string({ error: 'Input should be a decimal string' })
  .refine(isAmount, { error: 'Input should be a decimal string' })
  .refine((text) => !/^[0.]*$/.test(text), { error: 'Input should be greater than 0' });

/** A name: one line, or nothing. */
export const lineOfText = z
  .string()
  .max(128, { error: 'String should have at most 128 characters' })
  .refine((text) => !/\p{Cc}/u.test(text) && text.isWellFormed(), { error: 'String should be one line' });

/** The result of a change: `undefined`, a 404, when there was nothing to change. */
export const done = async (isDone: Promise<boolean>) => ((await isDone) ? { done: true } : undefined);
