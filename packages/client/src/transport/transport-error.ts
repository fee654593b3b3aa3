// Only these system calls make a connection. The code alone does not tell: EHOSTUNREACH also ends a connection that
// has carried the request already.
const CONNECTING = new Set(['connect', 'getaddrinfo']);
// The handshake failed, before the first byte of the request.
const REFUSED_CERTIFICATES = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The code for an answer that was given up because it is too long to be one. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

/** No complete answer. Made of texts alone: the HTTP library's own error carries the request, headers and all. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The system's or the HTTP library's code, e.g. `ECONNRESET`. */
  readonly code: string;
  /** Whether the gateway may have received the request. */
  readonly maybeSent: boolean;

  constructor(code: string, message: string, maybeSent: boolean) {
    super(message);
    this.code = code;
    this.maybeSent = maybeSent;
  }
}

/** Whether a request may have arrived although it ended with this error of Node.js; in doubt it may. */
export const mayHaveBeenSent = (error: unknown): boolean => {
  // Node.js tries every address of a name, and gives one error for each.
  if (error instanceof AggregateError) return error.errors.some(mayHaveBeenSent);
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  return !CONNECTING.has(String(syscall)) && !REFUSED_CERTIFICATES.has(String(code));
};
