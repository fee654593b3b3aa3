import type { Rejection } from '@cpg/protocol';

const MARKER = Symbol.for('cpg.server-middleware.rejection-error');

/**
 * Refuses a request from deep inside a handler: throw it, and `route` or `errorHandler()` answers with its rejection.
 * Carries `status`, which Express's own error handler honours too.
 */
export class RejectionError extends Error {
  override readonly name = 'RejectionError';
  declare readonly rejection: Rejection;
  readonly status: number;

  constructor(rejection: Rejection, options?: ErrorOptions) {
    super(rejection.message, options);
    // Not enumerable: pino marks whatever has a message, and rejections are frozen.
    Object.defineProperty(this, 'rejection', { value: rejection });
    this.status = rejection.status;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Tells a `RejectionError` from anything else, also one made by another copy of this package. */
  static is(value: unknown): value is RejectionError {
    return value instanceof Error && MARKER in value;
  }
}
