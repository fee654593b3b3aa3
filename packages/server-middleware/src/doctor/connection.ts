import { EventEmitter, once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where to connect to: a loopback port, or the host of a public URL. */
export interface Origin {
  readonly hostname: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** One response as its bytes arrived. */
export interface RawResponse {
  readonly status: number;
  /** Lower-case names; the values of a repeated header joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Why there is no response: `refused` before the connection was there. */
export interface NoResponse {
  readonly reason: 'refused' | 'closed' | 'timeout' | 'malformed';
  readonly detail: string;
}

export const isResponse = (result: RawResponse | NoResponse): result is RawResponse => 'status' in result;

const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/**
 * An HTTP/1.1 connection on which bytes are written as they are: clients of Node would join, normalise or reject what a probe is
 * about, and lose a response that arrives during the upload.
 */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #end: NoResponse = { reason: 'refused', detail: 'there was no connection' };
  readonly #changes = new EventEmitter();

  constructor({ hostname: host, port, isTls }: Origin) {
    // A URL writes an IPv6 address in brackets. A server name must not be an address.
    const address = host.replace(/^\[|\]$/g, '');
    const options = { host: address, port, noDelay: true };
    this.#socket = isTls
      ? connectTls({ ...options, ...getServerName(address), ALPNProtocols: ['http/1.1'] })
      : connectTcp(options);
    this.#socket.once(isTls ? 'secureConnect' : 'connect', () => {
      this.#end = { reason: 'closed', detail: 'the connection was closed without a response' };
    });
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changes.emit('change');
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#end = { ...this.#end, detail: `${this.#end.detail} (${error.code})` };
    });
    for (const event of ['end', 'close']) {
      this.#socket.on(event, () => {
        this.#isEnded = true;
        this.#changes.emit('change');
      });
    }
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Reads the next response; those with 1xx count. `hasBody` is false for the response to HEAD. */
  async read(timeoutMs: number, hasBody = true): Promise<RawResponse | NoResponse> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#changes.emit('change');
    }, timeoutMs);
    try {
      while (true) {
        const parsed = parseResponse(this.#received, { hasBody, isEnded: this.#isEnded });
        if (parsed !== undefined) {
          this.#received = parsed.rest;
          return parsed.result;
        }
        if (this.#isEnded) return this.#end;
        if (isLate) return { reason: 'timeout', detail: `there was no response within ${timeoutMs} ms` };
        await once(this.#changes, 'change');
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

const getServerName = (address: string) => (/^[\d.]+$|:/.test(address) ? {} : { servername: address });

interface Framing {
  readonly hasBody: boolean;
  /** No further bytes will come. */
  readonly isEnded: boolean;
}

interface Parsed {
  readonly result: RawResponse | NoResponse;
  readonly rest: Buffer;
}

const malformed = (detail: string): Parsed => ({
  result: { reason: 'malformed', detail },
  rest: Buffer.alloc(0),
});

/** Reads the first complete response; `undefined` while bytes are missing. */
const parseResponse = (bytes: Buffer, { hasBody, isEnded }: Framing): Parsed | undefined => {
  if (bytes.length > MAX_RESPONSE_BYTES)
    return malformed(`the response is longer than ${MAX_RESPONSE_BYTES} bytes`);
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) return malformed('the response is not HTTP/1.1');
  const headers = readHeaders(lines);
  const start = headEnd + 4;
  const finish = (body: Buffer, end: number): Parsed => ({
    result: { status, headers, body },
    rest: bytes.subarray(end),
  });
  if (!hasBody || status < 200 || status === 204 || status === 304) return finish(Buffer.alloc(0), start);
  if (headers['transfer-encoding']?.endsWith('chunked')) {
    const chunks = readChunks(bytes, start);
    return chunks === undefined ? undefined : finish(chunks.body, chunks.end);
  }
  if (headers['content-length'] === undefined) {
    return isEnded ? finish(bytes.subarray(start), bytes.length) : undefined;
  }
  const end = start + Number(headers['content-length']);
  return bytes.length < end ? undefined : finish(bytes.subarray(start, end), end);
};

const readHeaders = (lines: readonly string[]): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
};

const readChunks = (bytes: Buffer, start: number): { body: Buffer; end: number } | undefined => {
  const chunks: Buffer[] = [];
  let at = start;
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const dataStart = lineEnd + 2;
    // NaN, too: such a response never becomes complete, and its time runs out.
    if (!(bytes.length >= dataStart + size + 2)) return undefined;
    at = dataStart + size + 2;
    if (size === 0) return { body: Buffer.concat(chunks), end: at };
    chunks.push(bytes.subarray(dataStart, dataStart + size));
  }
};
