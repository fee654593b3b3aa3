import { getErrorUrl, REJECTIONS, type Rejection } from '@cpg/protocol';

/** The address of the page that explains a code. */
export const helpFor = (code: string): string => getErrorUrl('server-middleware', code);

/** Every code a {@link ServerMiddlewareError} can carry, with what it means. */
export const SERVER_MIDDLEWARE_ERROR_CODES = Object.freeze({
  body_already_parsed: 'Another parser read the body before cpgAuth and kept no raw bytes.',
  raw_body_not_bytes: 'req.rawBody is not a Buffer of the bytes on the wire.',
  raw_body_length_mismatch: 'req.rawBody does not hold as many bytes as the request declared.',
  authentication_missing: 'A protected route was reached without cpgAuth in front of it.',
  mounted_twice: 'Two cpgAuth middlewares with different settings see the same request.',
  limits_not_applied: 'A route has limits that cpgAuth does not know.',
  hook_failed: 'A function that decides about requests, such as skip, threw or returned an unusable value.',
  permissive_trust_proxy: 'A client address matters, but "trust proxy" lets clients choose it.',
  unusable_client_ip: 'The client address is not an IP address, so no whitelist can be checked.',
  invalid_source_ip: 'A whitelist entry is neither an IP address nor a CIDR range.',
  invalid_key: 'A key store returned a key that cannot be used.',
  invalid_option: 'An option has a value that cannot be used.',
  callback_failed: 'A callback that only observes, such as trace or a logger, threw or rejected.',
  clock_failed: 'The clock that was passed in threw, or returned no finite number.',
  duplicate_route: 'Two routes claim the same method and path.',
  memory_store_in_cluster: 'Several processes each hold their own memoryStore.',
  pending_bodies_full: 'The requests that are not authenticated yet hold the maximum of body bytes.',
  admission_store_full: 'The memory store holds its maximum of live signatures and admits no more.',
  clock_set_back: 'The clock was set back to a time whose used signatures the memory store has forgotten.',
  store_deadline: 'A key store or admission store did not respond in time.',
  store_unavailable: 'A key store or admission store could not be reached.',
  store_not_durable: 'Redis is configured so that it may forget used signatures.',
} as const);

export type ServerMiddlewareErrorCode = keyof typeof SERVER_MIDDLEWARE_ERROR_CODES;

const MARKER = Symbol.for('cpg.server-middleware.error');
const UNAVAILABLE: ReadonlySet<ServerMiddlewareErrorCode> = new Set([
  'pending_bodies_full',
  'admission_store_full',
  'clock_set_back',
  'store_deadline',
  'store_unavailable',
  'store_not_durable',
]);

/**
 * The error class of this package: a wrong set-up, or a store that is down. A rejected request is a rejection, not an error.
 * Each message says what is wrong and how to fix it, and never contains a secret.
 */
export class ServerMiddlewareError extends Error {
  override readonly name = 'ServerMiddlewareError';
  readonly code: ServerMiddlewareErrorCode;
  /** The HTTP status of the response: 503 for a store that is down, else 500. */
  readonly status: 500 | 503;
  /** What the error is about: a key id, or the name of a store or callback. Logs are limited for each code and subject. */
  readonly subject: string | undefined;
  /** The address of the page that explains the code; see `setDocumentationUrl` of `@cpg/protocol`. */
  readonly help: string;

  constructor(
    code: ServerMiddlewareErrorCode,
    message: string,
    options?: ErrorOptions & { readonly subject?: string },
  ) {
    super(message, options);
    this.code = code;
    this.subject = options?.subject;
    this.status = UNAVAILABLE.has(code) ? 503 : 500;
    this.help = helpFor(code);
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Whether a value is a `ServerMiddlewareError`, also one of another copy of this package. */
  static is(value: unknown): value is ServerMiddlewareError {
    return value instanceof Error && MARKER in value;
  }
}

const REJECTION_MARKER = Symbol.for('cpg.server-middleware.rejection-error');

/**
 * Throw it anywhere in a handler to reject the request: `routes` and `errorHandler()` respond with its rejection. Express's
 * own error handler uses its `status`.
 */
export class RejectionError extends Error {
  override readonly name = 'RejectionError';
  declare readonly rejection: Rejection;
  readonly status: number;

  constructor(rejection: Rejection, options?: ErrorOptions) {
    super(rejection.message, options);
    // Not enumerable: pino would write to the rejection, which is frozen.
    Object.defineProperty(this, 'rejection', { value: rejection });
    this.status = rejection.status;
    Object.defineProperty(this, REJECTION_MARKER, { value: true });
  }

  /** Whether a value is a `RejectionError`, also one of another copy of this package. */
  static is(value: unknown): value is RejectionError {
    return value instanceof Error && REJECTION_MARKER in value;
  }
}

// Errors of Express's own parsers, by their `type`.
const PARSER_ERRORS: Readonly<Record<string, Rejection>> = {
  'entity.parse.failed': REJECTIONS.malformed_json_body,
  'entity.too.large': REJECTIONS.body_too_large,
  'encoding.unsupported': REJECTIONS.content_encoding_not_supported,
  'request.aborted': REJECTIONS.incomplete_body,
};

// Statuses for which the protocol has one text, whatever the reason.
const FIXED_TEXTS: Readonly<Record<number, Rejection>> = {
  404: REJECTIONS.not_found,
  405: REJECTIONS.method_not_allowed,
  413: REJECTIONS.body_too_large,
};

/**
 * Returns the rejection to respond with when a handler throws: the one of a `RejectionError`; 503 for an error with `status`
 * 503; a 4xx for errors of Express's parsers and router, and for a 404, 405 or 413 of http-errors; 500 for anything else,
 * without its message.
 */
export const getRejection = (error: unknown): Rejection => {
  if (RejectionError.is(error)) return error.rejection;
  const { status, type } = Object(error) as { readonly status?: unknown; readonly type?: unknown };
  if (status === 503) return REJECTIONS.service_unavailable;
  if (error instanceof URIError) return REJECTIONS.malformed_request_target;
  const exposed = findClientError(error);
  const fixed = exposed === undefined ? undefined : FIXED_TEXTS[exposed.status];
  return PARSER_ERRORS[String(type)] ?? fixed ?? REJECTIONS.internal_server_error;
};

/** What an error of a handler tells the client. */
export interface ClientError {
  /** 400 to 499. */
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads an error that is meant for the client, as `http-errors` makes them: `expose: true` with a status of 4xx. */
export const findClientError = (error: unknown): ClientError | undefined => {
  const { expose, status, statusCode, message, headers } = Object(error) as Readonly<Record<string, unknown>>;
  const given = status ?? statusCode;
  const isClientError = typeof given === 'number' && Number.isInteger(given) && given >= 400 && given < 500;
  if (expose !== true || !isClientError) return undefined;
  const text = typeof message === 'string' && message !== '' ? message : 'The request was rejected';
  return { status: given, message: text, headers: readHeaders(headers) };
};

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
// These belong to the response that carries the envelope.
const OWN_HEADERS = /^(?:content-.*|transfer-encoding|connection|cache-control)$/i;

/** The headers of an error that a response can carry, such as `Allow` or `Retry-After`. */
const readHeaders = (headers: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(Object(headers) as object)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
      .map(([name, value]) => [name, String(value)] as const)
      .filter(
        ([name, value]) => HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !OWN_HEADERS.test(name),
      ),
  );
