import type { CraftedRequest, HeaderPair } from '../probes/index.ts';

/** How a request is put on the wire, apart from what it says. */
export interface Encoding {
  readonly host: string;
  readonly chunked?: boolean;
  readonly extraHeaders?: readonly HeaderPair[];
  /** The connection stays open after the answer. */
  readonly keepAlive?: boolean;
}

/** A request as it goes over the wire. */
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

/** The bytes of a request, exactly as crafted: no library tidies target, header case or order. */
export const encodeRequest = (
  { method, target, headers, body }: CraftedRequest,
  encoding: Encoding,
): EncodedRequest => {
  const framing: HeaderPair[] = [];
  if (encoding.chunked === true) framing.push(['Transfer-Encoding', 'chunked']);
  else if (body.length > 0 || !MAY_LACK_BODY.has(method))
    framing.push(['Content-Length', String(body.length)]);
  if (body.length > 0) framing.push(['Content-Type', 'application/json']);
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
