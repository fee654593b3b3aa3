/** The maximum of bytes kept of what a peer sends, far above any message of the suite. */
export const MAX_RECEIVED_BYTES = 4 * 1024 * 1024;

/**
 * One HTTP/1.1 message as it was on the wire. Header names and values are latin1 text, one character per
 * byte.
 */
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

/** All values of a header, in order; the name in any case. */
export const getHeaderValues = (message: Pick<HttpMessage, 'headers'>, name: string): string[] =>
  message.headers
    .filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);

const CRLF = '\r\n';

/** Decodes a chunked body; `undefined` while bytes are missing. Throws for an invalid chunk. */
const dechunk = (input: Buffer): { readonly body: Buffer; readonly length: number } | undefined => {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = input.indexOf(CRLF, offset);
    if (lineEnd === -1) return undefined;
    const sizeText = input.toString('latin1', offset, lineEnd).split(';')[0] ?? '';
    if (!/^[0-9A-Fa-f]{1,8}$/.test(sizeText))
      throw new Error(`not a chunk size: ${JSON.stringify(sizeText)}`);
    const size = Number.parseInt(sizeText, 16);
    const start = lineEnd + 2;
    if (size === 0) {
      const end = input.indexOf(CRLF, start);
      return end === start ? { body: Buffer.concat(chunks), length: end + 2 } : undefined;
    }
    if (input.length < start + size + 2) return undefined;
    chunks.push(input.subarray(start, start + size));
    offset = start + size + 2;
  }
};

/** The end of the headers. */
export const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';
const MAX_PARSED_AGAIN = 64 * 1024;

const readHeader = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  if (colon < 1) throw new Error(`not a header line: ${JSON.stringify(line)}`);
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
};

interface Reading {
  /** The other side has closed, so a body without a length is complete. */
  readonly isClosed?: boolean;
  /** A response may run until the connection closes; a request may not. */
  readonly isResponse?: boolean;
  /** A response to HEAD has no body, whatever its headers say. */
  readonly isToHead?: boolean;
}

/**
 * Parses one message from the start of the bytes; `undefined` while bytes are missing. Not an HTTP library,
 * which would normalise what arrived.
 */
export const readMessage = (input: Buffer, reading: Reading = {}): HttpMessage | undefined => {
  const headEnd = input.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const [startLine = '', ...lines] = input.toString('latin1', 0, headEnd).split('\r\n');
  const headers = lines.map(readHeader);
  const start = headEnd + HEAD_END.length;
  const rest = input.subarray(start);
  const message = (body: Buffer, framing: HttpMessage['framing'], length = body.length): HttpMessage => ({
    startLine,
    headers,
    body,
    framing,
    length: start + length,
  });
  if (reading.isToHead === true) return message(rest.subarray(0, 0), 'none');
  if (getHeaderValues({ headers }, 'transfer-encoding').join().toLowerCase() === 'chunked') {
    // Before the last chunk has arrived, parsing thousands of chunks again and again would take seconds.
    if (rest.length > MAX_PARSED_AGAIN && !rest.includes(LAST_CHUNK)) return undefined;
    const chunked = dechunk(rest);
    return chunked && message(chunked.body, 'chunked', chunked.length);
  }
  const declared = getHeaderValues({ headers }, 'content-length')[0];
  if (declared !== undefined) {
    const length = Number(declared);
    return rest.length < length ? undefined : message(rest.subarray(0, length), 'content-length');
  }
  const hasNoBody = reading.isResponse !== true || /^HTTP\/1\.[01] (?:1|204|304)/.test(startLine);
  if (hasNoBody) return message(rest.subarray(0, 0), 'none');
  return reading.isClosed === true ? message(rest, 'until-close') : undefined;
};
