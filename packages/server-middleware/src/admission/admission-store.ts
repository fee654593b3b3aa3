/** A decision of {@link AdmissionStore.admit}. */
export type Admission = 'admitted' | 'replayed' | 'rate_limited';

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
}

/**
 * Remembers used signatures and counts admissions. `admit` is one atomic step: a used signature of this key is `replayed`
 * and not counted; a request over the limit is `rate_limited`, and its signature stays unused; any other is recorded and
 * `admitted`. When the store cannot decide it throws, and the response is 503. Wire protocol §2, restrictions 2 and 4.
 */
export interface AdmissionStore {
  admit(request: AdmissionRequest): Admission | Promise<Admission>;
  /** Whether each process has its own data, as with `memoryStore`. */
  readonly isPerProcess?: boolean;
}
