import type { CraftedRequest, HeaderPair } from '../core/probes/index.ts';

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
  /** The canonical string of these bytes. */
  readonly canonical?: string;
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
  { method, target, headers, body, canonical }: CraftedRequest,
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
    canonical,
  };
};

/** A chunked body with trailers after it. */
export const encodeTrailers = (chunkedBody: Buffer, trailers: readonly HeaderPair[]): Buffer => {
  const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([chunkedBody.subarray(0, -2), Buffer.from(`${lines.join('')}\r\n`, 'latin1')]);
};
