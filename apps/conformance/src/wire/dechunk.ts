const CRLF = '\r\n';

/** Takes a chunked body apart; `undefined` while bytes are missing. Throws for anything that is not a chunk. */
export const dechunk = (input: Buffer): { readonly body: Buffer; readonly length: number } | undefined => {
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
