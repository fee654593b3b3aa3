import type { IncomingHttpHeaders } from 'node:http';

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
