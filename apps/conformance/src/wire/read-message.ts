import { dechunk } from './dechunk.ts';
import { type HttpMessage, valuesOf } from './http-message.ts';

const HEAD_END = '\r\n\r\n';

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
}

/**
 * Reads one message from the start of the bytes; `undefined` while bytes are missing. Deliberately plain: no HTTP library
 * may tidy what arrived.
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
  if (valuesOf({ headers }, 'transfer-encoding').join().toLowerCase() === 'chunked') {
    const chunked = dechunk(rest);
    return chunked && message(chunked.body, 'chunked', chunked.length);
  }
  const declared = valuesOf({ headers }, 'content-length')[0];
  if (declared !== undefined) {
    const length = Number(declared);
    return rest.length < length ? undefined : message(rest.subarray(0, length), 'content-length');
  }
  const hasNoBody = reading.isResponse !== true || /^HTTP\/1\.[01] (?:1|204|304)/.test(startLine);
  if (hasNoBody) return message(rest.subarray(0, 0), 'none');
  return reading.isClosed === true ? message(rest, 'until-close') : undefined;
};
