import { REJECTIONS, type Rejection } from '@cpg/protocol';

/** Names the paragraph of this package's README that explains a code. */
export const helpFor = (code: string): string => `@cpg/server-middleware/README.md#${code}`;

/** Every code a {@link ServerMiddlewareError} can carry, with what it means. */
export const SERVER_MIDDLEWARE_ERROR_CODES = Object.freeze({
  body_already_parsed: 'Another parser read the body before cpgAuth and kept no raw bytes.',
  raw_body_not_bytes: 'req.rawBody is not a Buffer of the bytes on the wire.',
  raw_body_length_mismatch: 'req.rawBody does not hold as many bytes as the request declared.',
  authentication_missing: 'A protected route is reached without cpgAuth in front of it.',
  mounted_twice: 'Two cpgAuth middlewares see the same request.',
  permissive_trust_proxy: 'A source IP whitelist is used while every X-Forwarded-For is trusted.',
  unusable_client_ip: 'The client address is not an IP address, so no whitelist can be checked.',
  invalid_source_ip: 'A whitelist entry is neither an IP address nor a CIDR range.',
  invalid_key: 'A key store returned a key that cannot be used.',
  invalid_option: 'An option has a value that cannot be used.',
  callback_failed: 'A callback that only observes, such as trace or a logger, threw or rejected.',
  clock_failed: 'The clock that was passed in threw, or returned no finite number.',
  duplicate_route: 'Two routes claim the same method and path.',
  memory_store_in_cluster: 'Several processes each hold their own memoryStore.',
  admission_store_full: 'The memory store holds its maximum of live signatures and admits no more.',
  store_deadline: 'A key store or admission store did not answer in time.',
  store_unavailable: 'A key store or admission store could not be reached.',
} as const);

export type ServerMiddlewareErrorCode = keyof typeof SERVER_MIDDLEWARE_ERROR_CODES;

const MARKER = Symbol.for('cpg.server-middleware.error');
const UNAVAILABLE: ReadonlySet<ServerMiddlewareErrorCode> = new Set([
  'admission_store_full',
  'store_deadline',
  'store_unavailable',
]);

/**
 * The one error class of this package: a wrong set-up, or a store that is down. Requests that are rejected are no errors
 * but rejections. Each message says what is wrong and how to mend it, and never contains a secret.
 */
export class ServerMiddlewareError extends Error {
  override readonly name = 'ServerMiddlewareError';
  readonly code: ServerMiddlewareErrorCode;
  /** The HTTP status it is answered with: 503 for a store that is down, else 500. */
  readonly status: 500 | 503;
  /** Where the documentation explains the code. */
  readonly help: string;

  constructor(code: ServerMiddlewareErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = UNAVAILABLE.has(code) ? 503 : 500;
    this.help = helpFor(code);
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Tells a `ServerMiddlewareError` from anything else, also one made by another copy of this package. */
  static is(value: unknown): value is ServerMiddlewareError {
    return value instanceof Error && MARKER in value;
  }
}

const REJECTION_MARKER = Symbol.for('cpg.server-middleware.rejection-error');

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
    Object.defineProperty(this, REJECTION_MARKER, { value: true });
  }

  /** Tells a `RejectionError` from anything else, also one made by another copy of this package. */
  static is(value: unknown): value is RejectionError {
    return value instanceof Error && REJECTION_MARKER in value;
  }
}

// What Express's own parsers and router throw, by their `type` or `status`.
const PARSER_ERRORS: Readonly<Record<string, Rejection>> = {
  'entity.parse.failed': REJECTIONS.malformed_json_body,
  'entity.too.large': REJECTIONS.body_too_large,
  'encoding.unsupported': REJECTIONS.content_encoding_not_supported,
  'request.aborted': REJECTIONS.incomplete_body,
};

/**
 * The rejection that answers a thrown value: its own for a `RejectionError`; 503 for an error whose `status` is 503; what
 * Express's parsers and router throw by kind; 500 for all else, without a word of it.
 */
export const getRejection = (error: unknown): Rejection => {
  if (RejectionError.is(error)) return error.rejection;
  const { status, type } = Object(error) as { readonly status?: unknown; readonly type?: unknown };
  if (status === 503) return REJECTIONS.service_unavailable;
  if (error instanceof URIError) return REJECTIONS.malformed_request_target;
  return PARSER_ERRORS[String(type)] ?? REJECTIONS.internal_server_error;
};
