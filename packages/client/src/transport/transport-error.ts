// The connection was never made, so not a byte of the request can have arrived.
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
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

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
    this.maybeSent = !NEVER_SENT.has(code);
  }
}
