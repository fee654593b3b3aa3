import type { IncomingHttpHeaders } from 'node:http';
import { ResponseValidationError } from '../errors.ts';

/** What came back beside the body. */
export interface ResponseInfo {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** `X-Request-Id`, when the server sends one. */
  readonly requestId: string | undefined;
  /** Requests sent for this call, retries included. */
  readonly attempts: number;
}

export interface WithResponse<Result> {
  readonly result: Result;
  readonly response: ResponseInfo;
}

/** A call under way: `await` it for its result, or `withResponse()` for status, headers and attempts too. */
export class CpgCall<Result> implements Promise<Result> {
  readonly [Symbol.toStringTag] = 'CpgCall';
  readonly #outcome: Promise<WithResponse<Result>>;

  constructor(outcome: Promise<WithResponse<Result>>) {
    this.#outcome = outcome;
  }

  /** The result together with what came back beside the body. */
  withResponse(): Promise<WithResponse<Result>> {
    return this.#outcome;
  }

  /** The same call with another result made of its own. */
  map<Mapped>(change: (result: Result) => Mapped): CpgCall<Mapped> {
    return new CpgCall(this.#outcome.then(({ result, response }) => ({ result: change(result), response })));
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#outcome.then(({ result }) => result).then(onFulfilled, onRejected);
  }

  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Result | Rejected> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.then().finally(onFinally);
  }
}

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
