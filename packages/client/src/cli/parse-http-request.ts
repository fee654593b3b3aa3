import { UsageError } from './usage-error.ts';

/** A pasted HTTP request. */
export interface PastedRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const REQUEST_LINE = /^([A-Za-z]+) (\S+)(?: HTTP\/[0-9.]+)?$/;

/**
 * Reads a request as it stands on the wire: request line, headers, an empty line, then the body, byte for byte. Or what
 * `curl -v` printed, which marks the head with `> ` and does not show the body.
 */
export const parseHttpRequest = (pasted: Buffer): PastedRequest => {
  const curl = readCurl(pasted.toString('latin1'));
  const { head, body } = curl === undefined ? split(pasted) : { head: curl, body: Buffer.alloc(0) };
  const [requestLine = '', ...lines] = head;
  const match = REQUEST_LINE.exec(requestLine.trim());
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new UsageError(
      'Paste the request as it was sent, beginning with its first line, e.g. GET /v1/balances HTTP/1.1.',
    );
  }
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method: match[1], target: toTarget(match[2]), headers: Object.fromEntries(headers), body };
};

const readCurl = (text: string): string[] | undefined => {
  const marked = text.split(/\r?\n/).filter((line) => line.startsWith('>'));
  const head = marked.map((line) => line.slice(1).trim()).filter((line) => line !== '');
  return /^[>*]/.test(text) && head.length > 0 ? head : undefined;
};

const split = (pasted: Buffer): { readonly head: string[]; readonly body: Buffer } => {
  const text = pasted.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  const head = end === null ? text.trimEnd() : text.slice(0, end.index);
  const body = end === null ? Buffer.alloc(0) : pasted.subarray(end.index + end[0].length);
  return { head: head.split(/\r?\n/), body };
};

// People paste whole URLs; what stands on the wire is what follows the host.
const toTarget = (text: string): string => text.replace(/^https?:\/\/[^/?#]+/i, '') || '/';
