import type { RejectionCode } from '@cpg/protocol';
import { isObject } from './platform.ts';

/** Every code a `CpgError` can carry, with what it means. Codes are stable: they are added, never renamed. */
export const CPG_ERROR_CODES = Object.freeze({
  invalid_configuration: 'An option of the client cannot be used; nothing was sent.',
  callback_failed:
    'A function that you passed in failed, or returned something else than it must; `cause` is its error.',
  invalid_request: 'An argument of the call breaks the contract; nothing was sent.',
  bad_request: 'Status 400: a business rule refused the call. `rejection` and `wireMessage` say which.',
  authentication_failed: 'Status 401: key, secret or signature is wrong, or a signature was used twice.',
  clock_skew: 'Status 401: the timestamp is outside the window, and the Date header did not help.',
  permission_denied: 'Status 403: the key lacks a permission, or the source IP is not whitelisted.',
  not_found: 'Status 404: no such thing on this account.',
  conflict: 'Status 409: the idempotency reference was used with other parameters.',
  validation_failed: 'Status 422: a field was refused. `wireMessage` names it.',
  rate_limited: 'Status 429: over the limit of the key or of the IP address.',
  server_error: 'Status 5xx: the gateway failed.',
  redirect_refused: 'Status 3xx: a signed request is never sent to another address.',
  unexpected_status: 'Another status that is not a success.',
  invalid_response: 'A read succeeded, but its body is not what the contract says.',
  connection_failed: 'No answer: the connection could not be made or broke.',
  timeout: 'No answer within `timeoutMs`.',
  deadline_exceeded: 'The call did not end within `deadlineMs`, waiting and attempts included.',
  aborted: 'The `signal` of the call was aborted.',
  client_closed: '`close()` was called on this client.',
  outcome_unknown:
    'The request was sent and the reply lost or unreadable: it may or may not have been executed.',
  invalid_webhook: 'The webhook is not authentic, not fresh or not readable; answer 401.',
} as const);

export type CpgErrorCode = keyof typeof CPG_ERROR_CODES;

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

/**
 * A request that moves money or makes something was sent, and its reply was lost or unreadable: it may or may not have been
 * executed.
 * With an `idempotencyReference`, repeat the call with that reference to learn the outcome; without one, look before you
 * repeat. `cause` says how the reply was lost. Contract §6, rule 6.
 */
export class OutcomeUnknownError extends CpgError {
  override readonly name = 'OutcomeUnknownError';

  constructor(operation: string, details: CpgErrorDetails) {
    const reference = details.idempotencyReference;
    const cure =
      reference === undefined
        ? 'It had no idempotency reference: find out whether it was executed before you repeat it.'
        : `Repeat it with the same idempotency reference, ${JSON.stringify(reference)}, to learn the outcome.`;
    super(
      'outcome_unknown',
      `${operation}: no usable reply came back, and the call may have been executed. ${cure}`,
      {
        ...details,
        retryable: reference !== undefined,
      },
    );
  }
}

/** A success that breaks the contract. `path` names the first field at fault, e.g. `data.0.available`. Contract §6, rule 8. */
export class ResponseValidationError extends CpgError {
  override readonly name = 'ResponseValidationError';
  /** Empty when the body as a whole cannot be read. */
  readonly path: string;

  constructor(message: string, details: CpgErrorDetails & { readonly path: string }) {
    const { path, ...rest } = details;
    super('invalid_response', message, rest);
    this.path = path;
  }
}
