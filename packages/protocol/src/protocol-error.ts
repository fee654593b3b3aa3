import { getErrorUrl } from './documentation.ts';

/** Every code of a {@link ProtocolError}, with its meaning. */
export const PROTOCOL_ERROR_CODES = Object.freeze({
  invalid_secret: 'The secret cannot be used as a signing key.',
  invalid_key_id: 'The key id does not follow the key_id grammar.',
  invalid_timestamp: 'The timestamp is not a whole number of Unix seconds.',
  invalid_method: 'The HTTP method is not a plain token of letters.',
  invalid_target: 'The request target is not in origin form.',
  invalid_query: 'A query parameter cannot be written on the wire.',
  invalid_body: 'The body is not made of bytes.',
  invalid_field: 'An argument has the wrong type, or would break the signed text.',
  invalid_option: 'An object of options has an unknown option.',
  invalid_decimal: 'The text is not a plain decimal string.',
} as const);

/** A key of {@link PROTOCOL_ERROR_CODES}. */
export type ProtocolErrorCode = keyof typeof PROTOCOL_ERROR_CODES;

const MARKER = Symbol.for('cpg.protocol.error');

const readCause = (options: ErrorOptions | undefined): ErrorOptions | undefined => {
  try {
    return options && 'cause' in options ? { cause: options.cause } : undefined;
  } catch {
    throw new ProtocolError('invalid_field', 'options must be an object with a cause.');
  }
};

/**
 * The error class of this package: the calling program passed an argument that cannot be used. Invalid input
 * from a peer is never thrown: functions that read received input return a rejection.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  /** The address of the page that explains the code; see `setDocumentationUrl`. */
  readonly help: string;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    if (typeof code !== 'string' || !Object.hasOwn(PROTOCOL_ERROR_CODES, code)) {
      throw new ProtocolError('invalid_field', 'code must be one of PROTOCOL_ERROR_CODES.');
    }
    if (typeof message !== 'string') throw new ProtocolError('invalid_field', 'message must be a string.');
    super(message, readCause(options));
    this.code = code;
    this.help = getErrorUrl('protocol', code);
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Whether a value is a `ProtocolError`, also one of another copy of this package or of another realm. */
  static is(value: unknown): value is ProtocolError {
    if (typeof value !== 'object' || value === null) return false;
    try {
      return MARKER in value;
    } catch {
      return false; // A proxy may throw.
    }
  }
}
