import { ResponseValidationError } from '../errors/response-validation-error.ts';
import { CpgCall, type WithResponse } from './cpg-call.ts';

/** One page of rows. */
export interface Page<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

/** `await` it for the first page, `for await` it for every row, or go through its `pages()`. */
export class PagedCall<Row, Result extends Page<Row>> extends CpgCall<Result> implements AsyncIterable<Row> {
  readonly #readAfter: (cursor: number) => PromiseLike<Result>;

  constructor(outcome: Promise<WithResponse<Result>>, readAfter: (cursor: number) => PromiseLike<Result>) {
    super(outcome);
    this.#readAfter = readAfter;
  }

  /** Every page from this one on; each is requested when the one before has been used. */
  async *pages(): AsyncGenerator<Result, void, undefined> {
    let { result: page } = await this.withResponse();
    let last = Number.POSITIVE_INFINITY;
    for (;;) {
      yield page;
      if (!page.has_more || page.next_cursor === null) return;
      if (page.next_cursor >= last) throw notDescending(page.next_cursor, last);
      last = page.next_cursor;
      page = await this.#readAfter(last);
    }
  }

  /** Every row from the first page on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }
}

// Rows come newest first, so that a cursor which does not fall would go round in circles.
const notDescending = (cursor: number, last: number): ResponseValidationError =>
  new ResponseValidationError(`next_cursor should be below ${last}: got ${cursor}.`, { path: 'next_cursor' });
