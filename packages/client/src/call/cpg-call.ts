import { ResponseValidationError } from '../errors.ts';
import { COUNT_FROM_1, checkOptions, requireOption } from '../guards.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** Status, headers and attempts of a call. */
export interface ResponseInfo {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: TransportResponse['headers'];
  /** The `X-Request-Id` header, if the server sent one. */
  readonly requestId: string | undefined;
  /** Requests sent for this call, including retries. */
  readonly attempts: number;
}

/** A result with its {@link ResponseInfo}. */
export interface WithResponse<Result> {
  readonly result: Result;
  readonly response: ResponseInfo;
}

/**
 * A call in flight. `await` it for the result, or `withResponse()` for status, headers and attempts as well.
 */
export class CpgCall<Result> implements Promise<Result> {
  readonly [Symbol.toStringTag] = 'CpgCall';
  readonly #outcome: Promise<WithResponse<Result>>;

  constructor(outcome: Promise<WithResponse<Result>>) {
    this.#outcome = outcome;
  }

  /**
   * The result with status, headers and attempts.
   *
   * @example
   * const { result, response } = await cpg.balances.list().withResponse();
   * console.log(response.requestId, response.attempts, result.data);
   */
  withResponse(): Promise<WithResponse<Result>> {
    return this.#outcome;
  }

  /**
   * The same call with a changed result.
   *
   * @example
   * const rows = await cpg.balances.list().map(({ data }) => data);
   */
  map<Mapped>(change: (result: Result) => Mapped): CpgCall<Mapped> {
    return new CpgCall(this.#outcome.then(({ result, response }) => ({ result: change(result), response })));
  }

  // biome-ignore lint/suspicious/noThenProperty: implements Promise
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    // One promise less than with `.then(({ result }) => result)` before.
    return typeof onFulfilled === 'function'
      ? this.#outcome.then(({ result }) => onFulfilled(result), onRejected)
      : this.#outcome.then(({ result }) => result as unknown as Fulfilled, onRejected);
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

/** The options of `toArray`. */
export interface ToArrayOptions {
  /** The maximum number of rows. */
  readonly limit: number;
}

/** A list call. `await` it for the first page, `for await` it for every row, or iterate over `pages()`. */
export class PagedCall<Row, Result extends Page<Row>> extends CpgCall<Result> implements AsyncIterable<Row> {
  readonly #readAfter: (cursor: number) => PromiseLike<Result>;

  constructor(outcome: Promise<WithResponse<Result>>, readAfter: (cursor: number) => PromiseLike<Result>) {
    super(outcome);
    this.#readAfter = readAfter;
  }

  /**
   * This page and all that follow. Each is requested when the previous one has been consumed.
   *
   * @example
   * for await (const { data, next_cursor } of cpg.transactions.list().pages()) console.log(data.length, next_cursor);
   */
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

  /**
   * The first rows, at most `limit`, of this page and those that follow. Requests no page that is not needed.
   *
   * @throws CpgError `invalid_configuration` without a `limit`, which protects memory.
   * @example
   * const newest = await cpg.transactions.list({ direction: 'deposit' }).toArray({ limit: 500 });
   */
  async toArray(options: ToArrayOptions): Promise<Row[]> {
    // The call is in flight; its failure is reported by `pages()`, if the options are valid.
    this.withResponse().catch(() => undefined);
    checkOptions('toArray', options, { limit: COUNT_FROM_1 });
    requireOption('toArray: limit', options.limit, COUNT_FROM_1);
    const rows: Row[] = [];
    for await (const { data } of this.pages()) {
      rows.push(...data.slice(0, options.limit - rows.length));
      if (rows.length >= options.limit) break;
    }
    return rows;
  }

  /** Every row of this page and all that follow. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }
}

// Rows are sorted newest first, so a cursor that does not decrease would repeat pages forever.
const notDescending = (cursor: number, last: number): ResponseValidationError =>
  new ResponseValidationError(`next_cursor must be below ${last}: got ${cursor}.`, { path: 'next_cursor' });
