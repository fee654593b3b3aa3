import type { Rejection, RejectionCode } from '@cpg/protocol';
import { ServerMiddlewareError, type ServerMiddlewareErrorCode } from '../errors.ts';
import type { RequestToAuthenticate } from './request.ts';

/** The checks that a trace tells apart, in the order in which they run. Contract §2.1. */
export const CHECKS = Object.freeze([
  'headers',
  'target',
  'timestamp',
  'body',
  'key',
  'signature',
  'source_ip',
  'admission',
] as const);

export type Check = (typeof CHECKS)[number];

/** How one request was decided. Holds no secret, no signature, no query and no body. */
export interface DecisionTrace {
  /** Left out until a key of this id was found: any other id may be a secret in the wrong place. */
  readonly keyId?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly outcome: 'authenticated' | 'error' | RejectionCode;
  /** The code of the error, when the outcome is one and it is of this package. */
  readonly errorCode?: ServerMiddlewareErrorCode | undefined;
  /** The check that refused the request, or during which an error was thrown. */
  readonly rejectedBy?: Check | undefined;
  /** The checks that were passed, each with its milliseconds. */
  readonly passed: readonly { readonly check: Check; readonly ms: number }[];
  /** Milliseconds in all. */
  readonly ms: number;
}

/** Collects one {@link DecisionTrace} while the checks run. */
export class DecisionRecorder {
  readonly #request: RequestToAuthenticate;
  readonly #startedAt = performance.now();
  readonly #passed: { readonly check: Check; readonly ms: number }[] = [];
  #lastAt = this.#startedAt;
  #keyId: string | undefined;

  constructor(request: RequestToAuthenticate) {
    this.#request = request;
  }

  passed(check: Check, keyId = this.#keyId): void {
    const now = performance.now();
    this.#passed.push({ check, ms: now - this.#lastAt });
    this.#lastAt = now;
    this.#keyId = keyId;
  }

  finish(outcome: 'authenticated' | 'error' | Rejection, error?: unknown): DecisionTrace {
    return {
      keyId: this.#keyId,
      method: this.#request.method,
      path: this.#request.target.split('?', 1)[0] as string,
      outcome: typeof outcome === 'string' ? outcome : outcome.code,
      errorCode: ServerMiddlewareError.is(error) ? error.code : undefined,
      rejectedBy: CHECKS[this.#passed.length],
      passed: this.#passed,
      ms: performance.now() - this.#startedAt,
    };
  }
}
