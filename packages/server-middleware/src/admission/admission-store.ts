import { ServerMiddlewareError } from '../errors.ts';

/** A decision of {@link AdmissionStore.admit}. */
export type Admission = 'admitted' | 'replayed' | 'rate_limited';

/** The rate limit of one route. */
export interface RouteRate {
  /** The method and the path template, such as `POST /v1/invoices/{invoice_id}`. */
  readonly id: string;
  readonly limit: number;
}

export interface AdmissionRequest {
  readonly keyId: string;
  /** 64 lowercase hex digits, already verified. */
  readonly signature: string;
  /** The last Unix second, inclusive, until which the signature must be remembered. */
  readonly usedUntil: number;
  /** The epoch minute, `floor(unix_now / 60)`. */
  readonly minute: number;
  /** Admissions per key and epoch minute. */
  readonly limit: number;
  /** The limit of the route, if it has one, on top of the key's: admissions per key, route and epoch minute. */
  readonly route?: RouteRate | undefined;
  /** Milliseconds after which the request is rejected with 503; a store must record nothing later. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Remembers used signatures and counts admissions. `admit` is one atomic step: a used signature of this key is `replayed`
 * and not counted; a request over either limit is `rate_limited`, counts nowhere, and its signature stays unused; any other
 * is recorded, counted for the key and the route, and `admitted`. When the store cannot decide it throws, and the response is 503.
 * Wire protocol §2, restrictions 2 and 4.
 */
export interface AdmissionStore {
  admit(request: AdmissionRequest): Admission | Promise<Admission>;
  /** Whether `admit` counts `route`; without it, cpgAuth does not accept routes with a rate limit. */
  readonly countsRoutes?: boolean;
  /** Whether each process has its own data, as with `memoryStore`. */
  readonly isPerProcess?: boolean;
}

/** Runs admissions of a shared store, and rejects more than a maximum at once: while the store hangs, they would pile up. */
export const limitPending = (name: string, maxPending: number) => {
  let pending = 0;
  return async <Result>(decide: () => Promise<Result>): Promise<Result> => {
    if (pending >= maxPending) {
      throw new ServerMiddlewareError(
        'store_unavailable',
        `${pending} admissions are pending in ${name}, the maximum. Raise maxPending, or find out why ${name} hangs.`,
      );
    }
    pending += 1;
    try {
      return await decide();
    } finally {
      pending -= 1;
    }
  };
};
