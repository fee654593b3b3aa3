/** One HTTP/1.1 message as its bytes arrived. */
export interface HttpMessage {
  /** The request line or the status line. */
  readonly startLine: string;
  /** In order, with case and repeats kept. */
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
}

export type HeaderField = readonly [name: string, value: string];

/** All values of a header, in order. */
export const getHeaderValues = (headers: readonly HeaderField[], name: string): readonly string[] =>
  headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);

/**
 * Reads the first complete message, framed by `Content-Length` or chunks, and returns it with the bytes that follow it;
 * `undefined` while bytes are missing.
 */
export const parseHttpMessage = (
  bytes: Buffer,
): { readonly message: HttpMessage; readonly rest: Buffer } | undefined => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [startLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = lines.map((line): HeaderField => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const start = headEnd + 4;
  const framed =
    getHeaderValues(headers, 'transfer-encoding')[0] === 'chunked'
      ? readChunks(bytes, start)
      : readLength(bytes, start, Number(getHeaderValues(headers, 'content-length')[0] ?? 0));
  if (framed === undefined) return undefined;
  return { message: { startLine, headers, body: framed.body }, rest: bytes.subarray(framed.end) };
};

const readLength = (bytes: Buffer, start: number, length: number) =>
  bytes.length < start + length
    ? undefined
    : { body: bytes.subarray(start, start + length), end: start + length };

const readChunks = (bytes: Buffer, start: number) => {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const dataStart = lineEnd + 2;
    if (bytes.length < dataStart + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: dataStart + 2 };
    parts.push(bytes.subarray(dataStart, dataStart + size));
    at = dataStart + size + 2;
  }
};
