import { helpFor } from './help-for.ts';

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
