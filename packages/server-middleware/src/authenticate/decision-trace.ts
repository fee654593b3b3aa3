import type { Rejection, RejectionCode } from '@cpg/protocol';
import { ServerMiddlewareError, type ServerMiddlewareErrorCode } from '../errors.ts';
import type { RequestToAuthenticate } from './request.ts';

/** The checks of a trace, in the order in which they run. Wire protocol §2.1. */
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

/** The decision about one request. Contains no secret, signature, query or body. */
export interface DecisionTrace {
  /** Only the id of an existing key: any other may be a secret in the wrong place. */
  readonly keyId?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly outcome: 'authenticated' | 'error' | RejectionCode;
  /** The code of a `ServerMiddlewareError`, when the outcome is `error`. */
  readonly errorCode?: ServerMiddlewareErrorCode | undefined;
  /** The check that rejected the request, or that threw an error. */
  readonly rejectedBy?: Check | undefined;
  /** The checks that passed, each with its milliseconds. */
  readonly passed: readonly { readonly check: Check; readonly ms: number }[];
  /** Milliseconds in total. */
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
