import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A request, complete to the last byte. */
export interface Outgoing {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** A complete response, not yet parsed. */
export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they arrived. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** The result of a call, as in the adapter protocol. */
export interface CallResult {
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: { readonly kind: string; readonly status?: number | undefined; readonly message: string };
}

export const failure = (kind: string, message: string, status?: number): CallResult => ({
  ok: false,
  error: { kind, message, ...(status === undefined ? {} : { status }) },
});

const getLengthHeaders = ({ body }: Outgoing): Readonly<Record<string, string>> =>
  body.length > 0 ? { 'Content-Length': String(body.length), 'Content-Type': 'application/json' } : {};

/** The bytes of a body; `undefined` when it is incomplete or longer than allowed. */
export const collect = (response: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) response.destroy();
    });
    response.on('error', () => resolve(undefined));
    response.on('close', () => resolve(undefined));
    response.on('end', () => resolve(Buffer.concat(chunks)));
  });

/** Sends one request, its target and headers byte for byte; `undefined` without a complete response. */
export const sendRequest = (
  base: URL,
  request: Outgoing,
  {
    receive,
    timeoutMs,
  }: {
    readonly receive: (response: IncomingMessage) => Promise<Buffer | undefined>;
    readonly timeoutMs: number | undefined;
  },
): Promise<Incoming | undefined> =>
  new Promise((resolve) => {
    const { method, target, headers, body } = request;
    const sent = httpRequest(
      {
        host: base.hostname,
        port: base.port,
        path: target,
        method,
        headers: { ...getLengthHeaders(request), ...headers } as never,
        agent: false,
        ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      },
      async (response) => {
        const received = await receive(response);
        const status = response.statusCode ?? 0;
        const { headers: parsed, rawHeaders } = response;
        resolve(received && { status, headers: parsed, rawHeaders, body: received });
      },
    );
    sent.on('error', () => resolve(undefined));
    sent.on('timeout', () => sent.destroy());
    sent.end(body);
  });
