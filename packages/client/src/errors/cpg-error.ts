import type { RejectionCode } from '@cpg/protocol';
import { isObject } from '../platform.ts';
import type { CpgErrorCode } from './error-codes.ts';

/** What a {@link CpgError} knows beside its code and message. */
export interface CpgErrorDetails {
  /** HTTP status of the last answer, when there was one. */
  readonly status?: number | undefined;
  /** The gateway's own `message`; stable, so programs may match on it. Contract §3. */
  readonly wireMessage?: string | undefined;
  /** The protocol's code for that message, e.g. `insufficient_available_balance`; absent for a text it does not list. */
  readonly rejection?: RejectionCode | undefined;
  /** Requests sent for this call, retries included. */
  readonly attempts?: number | undefined;
  /** Whether the same call may succeed later without a change. */
  readonly retryable?: boolean | undefined;
  /** `X-Request-Id` of the last answer, when the server sends one. */
  readonly requestId?: string | undefined;
  /** The idempotency reference of the call: repeat the call with it to learn the outcome. */
  readonly idempotencyReference?: string | undefined;
  readonly cause?: unknown;
}

const MARKER = Symbol.for('cpg.client.error');

/**
 * The one error class of this package; `code` tells the cases apart. Holds texts and numbers only: no secret, no signature
 * and no object of the HTTP library can be reached from it.
 */
export class CpgError extends Error {
  override readonly name: string = 'CpgError';
  readonly code: CpgErrorCode;
  declare readonly status?: number;
  declare readonly wireMessage?: string;
  declare readonly rejection?: RejectionCode;
  readonly attempts: number;
  readonly retryable: boolean;
  declare readonly requestId?: string;
  declare readonly idempotencyReference?: string;

  constructor(code: CpgErrorCode, message: string, details: CpgErrorDetails = {}) {
    const { cause, attempts = 0, retryable = false, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.attempts = attempts;
    this.retryable = retryable;
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Tells a `CpgError` from anything else, also one made by another copy of this package. */
  static is(value: unknown): value is CpgError {
    return isObject(value) && MARKER in value;
  }

  /** All that is known, for a structured log; the cause and the stack stay out. */
  toJSON(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...Object.entries(this), ['name', this.name], ['message', this.message]]);
  }
}
