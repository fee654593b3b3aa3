/** Every code a {@link ProtocolError} can carry, with what it means. */
export const PROTOCOL_ERROR_CODES = Object.freeze({
  invalid_secret: 'The secret cannot be used as a signing key.',
  invalid_key_id: 'The key id does not follow the key_id grammar.',
  invalid_timestamp: 'The timestamp is not a whole number of Unix seconds.',
  invalid_method: 'The HTTP method is not a plain token of letters.',
  invalid_target: 'The request target is not in origin form.',
  invalid_query: 'A query parameter cannot be written on the wire.',
  invalid_body: 'The body is not made of bytes.',
  invalid_field: 'A field of the canonical string would break its framing.',
  invalid_decimal: 'The text is not a plain decimal string.',
} as const);

/** A key of {@link PROTOCOL_ERROR_CODES}. */
export type ProtocolErrorCode = keyof typeof PROTOCOL_ERROR_CODES;

const MARKER = Symbol.for('cpg.protocol.error');

/**
 * The one error class of this package: a caller handed something that cannot be signed or read.
 * Peers' mistakes are never thrown; parsers of received input return a rejection instead.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Tells a `ProtocolError` from anything else, also one made by another copy of this package or in another realm. */
  static is(value: unknown): value is ProtocolError {
    return typeof value === 'object' && value !== null && MARKER in value;
  }
}
