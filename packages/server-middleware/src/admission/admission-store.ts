/** What {@link AdmissionStore.admit} decides in one step. */
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
 * Remembers used signatures and counts admissions. `admit` is one atomic step: a used signature of this key is
 * `replayed` and moves no counter; else a full minute is `rate_limited` and burns no signature; else both are recorded.
 * When it cannot decide it throws, and the request is answered 503. Contract §2, restrictions 2 and 4.
 */
export interface AdmissionStore {
  admit(request: AdmissionRequest): Admission | Promise<Admission>;
  /** Whether other processes have memories of their own, as with `memoryStore`. */
  readonly isPerProcess?: boolean;
}
