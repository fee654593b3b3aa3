/** Bytes kept of what a peer sends: no message of the suite comes near it, and a peer that sends for ever must not fill the memory. */
export const MAX_RECEIVED_BYTES = 4 * 1024 * 1024;

/** One HTTP/1.1 message as it stood on the wire. Header names and values are latin1 text, one character a byte. */
export interface HttpMessage {
  /** Without its line end. */
  readonly startLine: string;
  /** In order, with case and repeats kept; values without surrounding spaces. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** After de-chunking. */
  readonly body: Buffer;
  readonly framing: 'none' | 'content-length' | 'chunked' | 'until-close';
  /** How many bytes of the input the message took. */
  readonly length: number;
}

/** Every value of a header, in order, whatever its case. */
export const valuesOf = (message: Pick<HttpMessage, 'headers'>, name: string): string[] =>
  message.headers
    .filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
