import type { RejectionCode } from '@cpg/protocol';
import { asBytes, isObject } from './platform.ts';

/** Every code of a `CpgError` and its meaning. Codes may be added but are never renamed. */
export const CPG_ERROR_CODES = Object.freeze({
  invalid_configuration: 'An option is invalid. Nothing was sent.',
  callback_failed: 'A function that you passed in failed or returned an invalid value. `cause` is its error.',
  invalid_request: 'An argument of the call is invalid. Nothing was sent.',
  bad_request: 'Status 400: a business rule rejected the call. See `rejection` and `wireMessage`.',
  authentication_failed: 'Status 401: the key, secret or signature is wrong.',
  replayed:
    'Status 401: the signature was used before, in every attempt. Another process or a proxy sends the same requests.',
  clock_skew: 'Status 401: the timestamp is outside the window, and the clock could not be corrected.',
  permission_denied: 'Status 403: the key lacks a permission, or the source IP is not whitelisted.',
  not_found: 'Status 404: the account has no such resource.',
  conflict: 'Status 409: the idempotency reference was used with other parameters.',
  validation_failed: 'Status 422: a field is invalid. `wireMessage` names it.',
  rate_limited: 'Status 429: the rate limit of the key or the IP address is exceeded.',
  server_error: 'Status 5xx: the gateway failed.',
  redirect_refused:
    'Status 3xx: redirects are not followed, because a signature is valid for one target only.',
  unexpected_status: 'Any other status that is not a success.',
  invalid_response: 'A read succeeded, but its body does not match the wire protocol.',
  connection_failed: 'No complete response: the connection could not be made, or it broke.',
  timeout: 'No response within `timeoutMs`.',
  deadline_exceeded: 'The call did not finish within `deadlineMs`, including waits and retries.',
  aborted: 'The `signal` of the call was aborted.',
  client_closed: '`close()` was called on this client.',
  outcome_unknown:
    'The request was sent, but its response was lost or unreadable. It may have been executed.',
  invalid_webhook:
    'The webhook is not authentic, too old or malformed. Respond with the `status` of the error.',
} as const);

export type CpgErrorCode = keyof typeof CPG_ERROR_CODES;

/** Properties of a {@link CpgError} besides its code and message. */
export interface CpgErrorDetails {
  /** HTTP status of the last response, if there was one. */
  readonly status?: number | undefined;
  /** The gateway's `message`. It is stable, so programs may compare it (wire protocol §3). */
  readonly wireMessage?: string | undefined;
  /**
   * The protocol's code for `wireMessage`, e.g. `insufficient_available_balance`; absent for an unlisted
   * message.
   */
  readonly rejection?: RejectionCode | undefined;
  /** Requests sent for this call, including retries. @default 0 */
  readonly attempts?: number | undefined;
  /** Whether the same call may succeed later. @default false */
  readonly retryable?: boolean | undefined;
  /** `X-Request-Id` of the last response, if the server sent one. */
  readonly requestId?: string | undefined;
  /** Headers of the last response, with names in lower case. They are not part of `toJSON()`. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>> | undefined;
  /** The beginning of the body of a response that is not an envelope, e.g. of a proxy's HTML page. */
  readonly bodyExcerpt?: string | undefined;
  /** The idempotency reference of the call. Repeat the call with it to learn the outcome. */
  readonly idempotencyReference?: string | undefined;
  readonly cause?: unknown;
}

const MARKER = Symbol.for('cpg.client.error');

/**
 * The error class of this package; see its `code`. It refers to no secret, no signature and no object of the
 * HTTP library, so it is safe to log.
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
  declare readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  declare readonly bodyExcerpt?: string;
  declare readonly idempotencyReference?: string;

  constructor(code: CpgErrorCode, message: string, details: CpgErrorDetails = {}) {
    const { cause, attempts = 0, retryable = false, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.attempts = attempts;
    this.retryable = retryable;
    for (const [name, value] of Object.entries(rest)) {
      // Headers are many lines in a log.
      const enumerable = name !== 'headers';
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable });
    }
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Whether a value is a `CpgError`, including one created by another copy of this package. */
  static is(value: unknown): value is CpgError {
    return isObject(value) && MARKER in value;
  }

  /** All properties except the cause and the stack, for structured logs. */
  toJSON(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...Object.entries(this), ['name', this.name], ['message', this.message]]);
  }
}

/**
 * A POST was sent, but its response was lost or unreadable. It may have been executed (wire protocol §6, rule
 * 6).
 *
 * With an `idempotencyReference`, repeat the call with that reference to learn the outcome. Without one, find
 * out whether it was executed before you repeat it. `cause` is the error of the last attempt.
 */
export class OutcomeUnknownError extends CpgError {
  override readonly name = 'OutcomeUnknownError';

  constructor(operation: string, details: CpgErrorDetails) {
    const reference = details.idempotencyReference;
    const fix =
      reference === undefined
        ? 'It had no idempotency reference: check whether it was executed before you repeat it.'
        : `Repeat it with the same idempotency reference, ${JSON.stringify(reference)}, to learn the outcome.`;
    super(
      'outcome_unknown',
      `${operation}: no usable response was received, and the call may have been executed. ${fix}`,
      {
        ...details,
        retryable: reference !== undefined,
      },
    );
  }
}

/**
 * A success with an invalid body. `path` is its first invalid field, e.g. `data.0.available` (wire protocol
 * §6, rule 8).
 */
export class ResponseValidationError extends CpgError {
  override readonly name = 'ResponseValidationError';
  /** Empty if the body as a whole is invalid. */
  readonly path: string;

  constructor(message: string, details: CpgErrorDetails & { readonly path: string }) {
    const { path, ...rest } = details;
    super('invalid_response', message, rest);
    this.path = path;
  }
}

/**
 * The `message` of an error envelope given as text, bytes or a parsed object; `undefined` if there is none.
 */
export const readWireMessage = (data: unknown): string | undefined => {
  const text = asBytes(data)?.toString('utf8') ?? data;
  try {
    const envelope: unknown = typeof text === 'string' ? JSON.parse(text) : text;
    return isObject(envelope) && typeof envelope.message === 'string' ? envelope.message : undefined;
  } catch {
    return undefined;
  }
};
