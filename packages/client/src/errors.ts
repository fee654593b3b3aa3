import type { RejectionCode } from '@cpg/protocol';
import { asBytes, decodeText, isObject } from './platform.ts';

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
  /**
   * Headers of the last response, with names in lower case. They are not part of `toJSON()`, and a `Map`
   * because web frameworks copy an object `error.headers` into their own responses.
   */
  readonly headers?: ReadonlyMap<string, string> | undefined;
  /** The beginning of the body of a response that is not an envelope, e.g. of a proxy's HTML page. */
  readonly bodyExcerpt?: string | undefined;
  /** The idempotency reference of the call. Repeat the call with it to learn the outcome. */
  readonly idempotencyReference?: string | undefined;
  readonly cause?: unknown;
}

/** A class of errors. */
interface ErrorKind<Kind extends CpgError> {
  readonly prototype: Kind;
}

const MARKER = Symbol.for('cpg.client.error');

// As `getErrorUrl` of @cpg/protocol, without which the command line starts faster.
const URL_KEY = Symbol.for('cpg.documentation-url');
const getHelp = (code: CpgErrorCode): string =>
  `${(globalThis as { [URL_KEY]?: string })[URL_KEY] ?? '/docs/'}errors/client.html#${code}`;

/**
 * The base class of all errors of this package; see its `code` and its subclasses. It refers to no secret, no signature and no object of the
 * HTTP library, so it is safe to log.
 */
export class CpgError extends Error {
  override readonly name: string;
  readonly code: CpgErrorCode;
  /** The address of the page that explains the code; see `setDocumentationUrl`. */
  readonly help: string;
  declare readonly status?: number;
  declare readonly wireMessage?: string;
  declare readonly rejection?: RejectionCode;
  readonly attempts: number;
  readonly retryable: boolean;
  declare readonly requestId?: string;
  declare readonly headers?: ReadonlyMap<string, string>;
  declare readonly bodyExcerpt?: string;
  declare readonly idempotencyReference?: string;

  constructor(code: CpgErrorCode, message: string, details: CpgErrorDetails = {}) {
    const { cause, attempts = 0, retryable = false, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    const [name, type] = KINDS[code] ?? ['CpgError', CpgError];
    this.name = name;
    // An error always has the class of its code, wherever it is created.
    if (new.target === CpgError) Object.setPrototypeOf(this, type.prototype);
    this.code = code;
    this.help = getHelp(code);
    this.attempts = attempts;
    this.retryable = retryable;
    for (const [name, value] of Object.entries(rest)) {
      // Headers are many lines in a log.
      const enumerable = name !== 'headers';
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable });
    }
    Object.defineProperty(this, MARKER, { value: true });
  }

  /**
   * Whether a value is a `CpgError`, including one created by another copy of this package, for which
   * `instanceof` is false. On a subclass, whether it is an error of that kind.
   *
   * @example
   * if (RateLimitError.is(error)) console.log('later');
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: callers may detach the function
  static is<Kind extends CpgError = CpgError>(this: ErrorKind<Kind> | void, value: unknown): value is Kind {
    if (!isObject(value) || !(MARKER in value)) return false;
    // biome-ignore lint/complexity/noThisInStatic: the class that `is` was called on
    const kind = this?.prototype ?? CpgError.prototype;
    return kind === CpgError.prototype || KINDS[value.code as CpgErrorCode]?.[1].prototype === kind;
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
  declare readonly code: 'outcome_unknown';

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
  declare readonly code: 'invalid_response';
  /** Empty if the body as a whole is invalid. */
  readonly path: string;

  constructor(message: string, details: CpgErrorDetails & { readonly path: string }) {
    const { path, ...rest } = details;
    super('invalid_response', message, rest);
    this.path = path;
  }
}

/** An option is invalid. Nothing was sent. */
export class ConfigurationError extends CpgError {
  declare readonly code: 'invalid_configuration';
}

/** A function that you passed in failed. `cause` is its error. */
export class CallbackError extends CpgError {
  declare readonly code: 'callback_failed';
}

/** An argument of a call is invalid. Nothing was sent. */
export class InvalidRequestError extends CpgError {
  declare readonly code: 'invalid_request';
}

/** Status 400: a business rule rejected the call. See `rejection`. */
export class BadRequestError extends CpgError {
  declare readonly code: 'bad_request';
}

/** Status 401: the key, secret or signature is wrong. */
export class AuthenticationError extends CpgError {
  declare readonly code: 'authentication_failed';
}

/** Status 401: the signature was used before, in every attempt. */
export class ReplayedError extends CpgError {
  declare readonly code: 'replayed';
}

/** Status 401: the timestamp is outside the window, and the clock could not be corrected. */
export class ClockSkewError extends CpgError {
  declare readonly code: 'clock_skew';
}

/** Status 403: the key lacks a permission, or the source IP is not whitelisted. */
export class PermissionDeniedError extends CpgError {
  declare readonly code: 'permission_denied';
}

/** Status 404: the account has no such resource. */
export class NotFoundError extends CpgError {
  declare readonly code: 'not_found';
}

/** Status 409: the idempotency reference was used with other parameters. */
export class ConflictError extends CpgError {
  declare readonly code: 'conflict';
}

/** Status 422: a field is invalid. `wireMessage` names it. */
export class ValidationError extends CpgError {
  declare readonly code: 'validation_failed';
}

/** Status 429: the rate limit of the key or the IP address is exceeded. */
export class RateLimitError extends CpgError {
  declare readonly code: 'rate_limited';
}

/** Status 5xx: the gateway, or a proxy in front of it, failed. */
export class ServerError extends CpgError {
  declare readonly code: 'server_error';
}

/** A redirect, or any other status that is not a success. */
export class UnexpectedStatusError extends CpgError {
  declare readonly code: 'redirect_refused' | 'unexpected_status';
}

/** No complete response: the connection could not be made, or it broke. */
export class ConnectionError extends CpgError {
  declare readonly code: 'connection_failed';
}

/** No response within `timeoutMs`, or the call did not finish within `deadlineMs`. */
export class TimeoutError extends CpgError {
  declare readonly code: 'timeout' | 'deadline_exceeded';
}

/** The `signal` of the call was aborted, or the client was closed. */
export class AbortedError extends CpgError {
  declare readonly code: 'aborted' | 'client_closed';
}

/** A webhook is not authentic, too old or malformed. */
export class WebhookError extends CpgError {
  declare readonly code: 'invalid_webhook';
}

/** The class of each code, and its name, which bundlers do not change. */
const KINDS: Readonly<Record<CpgErrorCode, readonly [name: string, type: { readonly prototype: CpgError }]>> =
  {
    invalid_configuration: ['ConfigurationError', ConfigurationError],
    callback_failed: ['CallbackError', CallbackError],
    invalid_request: ['InvalidRequestError', InvalidRequestError],
    bad_request: ['BadRequestError', BadRequestError],
    authentication_failed: ['AuthenticationError', AuthenticationError],
    replayed: ['ReplayedError', ReplayedError],
    clock_skew: ['ClockSkewError', ClockSkewError],
    permission_denied: ['PermissionDeniedError', PermissionDeniedError],
    not_found: ['NotFoundError', NotFoundError],
    conflict: ['ConflictError', ConflictError],
    validation_failed: ['ValidationError', ValidationError],
    rate_limited: ['RateLimitError', RateLimitError],
    server_error: ['ServerError', ServerError],
    redirect_refused: ['UnexpectedStatusError', UnexpectedStatusError],
    unexpected_status: ['UnexpectedStatusError', UnexpectedStatusError],
    connection_failed: ['ConnectionError', ConnectionError],
    timeout: ['TimeoutError', TimeoutError],
    deadline_exceeded: ['TimeoutError', TimeoutError],
    aborted: ['AbortedError', AbortedError],
    client_closed: ['AbortedError', AbortedError],
    invalid_webhook: ['WebhookError', WebhookError],
    invalid_response: ['ResponseValidationError', ResponseValidationError],
    outcome_unknown: ['OutcomeUnknownError', OutcomeUnknownError],
  };

/**
 * The `message` of an error envelope given as text, bytes or a parsed object; `undefined` if there is none.
 */
export const readWireMessage = (data: unknown): string | undefined => {
  const bytes = asBytes(data);
  const text = bytes === undefined ? data : decodeText(bytes);
  try {
    const envelope: unknown = typeof text === 'string' ? JSON.parse(text) : text;
    return isObject(envelope) && typeof envelope.message === 'string' ? envelope.message : undefined;
  } catch {
    return undefined;
  }
};
