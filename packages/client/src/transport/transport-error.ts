/** The code for an answer that was given up because it is too long to be one. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

/** No complete answer. Made of texts alone: the HTTP library's own error carries the request, headers and all. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The system's or the HTTP library's code, e.g. `ECONNRESET`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
