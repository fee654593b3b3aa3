import { SIGNATURE_HEADER } from '@cpg/protocol';
import type { CraftedRequest, HeaderPair } from '../core/probes/index.ts';
import type { Address } from '../wire/connection.ts';

/** How a request is encoded on the wire. */
export interface Encoding {
  readonly host: string;
  readonly chunked?: boolean;
  readonly extraHeaders?: readonly HeaderPair[];
  /** Of a body; `null` sends none. @default 'application/json' */
  readonly contentType?: string | null;
  /** The connection stays open after the response. */
  readonly keepAlive?: boolean;
}

/** The bytes of a request. */
export interface EncodedRequest {
  readonly head: Buffer;
  readonly body: Buffer;
}

const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

const chunked = (body: Buffer): Buffer => {
  const size = Math.max(1, Math.ceil(body.length / 3));
  const parts: Buffer[] = [];
  for (let start = 0; start < body.length; start += size)
    parts.push(chunk(body.subarray(start, start + size)));
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
};

const MAY_LACK_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** Encodes a request exactly as crafted: no library normalises target, header case or order. */
export const encodeRequest = (
  { method, target, headers, body }: CraftedRequest,
  encoding: Encoding,
): EncodedRequest => {
  const framing: HeaderPair[] = [];
  if (encoding.chunked === true) framing.push(['Transfer-Encoding', 'chunked']);
  else if (body.length > 0 || !MAY_LACK_BODY.has(method))
    framing.push(['Content-Length', String(body.length)]);
  const { contentType = 'application/json' } = encoding;
  if (body.length > 0 && contentType !== null) framing.push(['Content-Type', contentType]);
  const all: readonly HeaderPair[] = [
    ['Host', encoding.host],
    ...headers,
    ...framing,
    ...(encoding.extraHeaders ?? []),
    ['Connection', encoding.keepAlive === true ? 'keep-alive' : 'close'],
  ];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return {
    head: Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    body: encoding.chunked === true ? chunked(body) : body,
  };
};

/** A chunked body with trailers after it. */
export const encodeTrailers = (chunkedBody: Buffer, trailers: readonly HeaderPair[]): Buffer => {
  const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([chunkedBody.subarray(0, -2), Buffer.from(`${lines.join('')}\r\n`, 'latin1')]);
};

const LEFT_OUT = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const MAX_BODY_LENGTH = 1_000;

/**
 * The curl option for a body. A long body, or one with unprintable bytes, is read from a file that the reader
 * has to create.
 */
const bodyOption = (body: Buffer, hasContentType: boolean): string => {
  if (body.length === 0) return '';
  const text = body.toString('latin1');
  const isShown = text.length <= MAX_BODY_LENGTH && /^[\x20-\x7e]*$/.test(text);
  // By default, curl sends application/x-www-form-urlencoded.
  const type = hasContentType ? '' : "-H 'Content-Type:' ";
  return `${type}${isShown ? `--data-raw ${quote(text)}` : '--data-binary @body.bin'} `;
};

/**
 * A curl command for a request. It has to be signed again: a signature works once and must not reach a
 * report.
 */
export const curlLine = (head: string, { host, port }: Address, body: Buffer = Buffer.alloc(0)): string => {
  const [requestLine = '', ...lines] = head.split('\r\n').filter((line) => line !== '');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers = lines
    .map((line) => line.split(': '))
    .filter(([name = '']) => !LEFT_OUT.has(name.toLowerCase()))
    .map(([name = '', value = '']) =>
      name.toLowerCase() === SIGNATURE_HEADER.toLowerCase() ? `${name}: <sign again>` : `${name}: ${value}`,
    );
  const options = headers.map((header) => `-H ${quote(header)}`).join(' ');
  const data = bodyOption(body, /^content-type:/im.test(head));
  return `curl -i --globoff --path-as-is -X ${method} ${options} ${data}${quote(`http://${host}:${port}${target}`)}`;
};
