import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A request, finished to the last byte. */
export interface Outgoing {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** A whole answer, before anything is made of its bytes. */
export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How a call ended, as the adapter protocol has it. */
export interface CallResult {
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: { readonly kind: string; readonly status?: number | undefined; readonly message: string };
}

export const failure = (kind: string, message: string, status?: number): CallResult => ({
  ok: false,
  error: { kind, message, ...(status === undefined ? {} : { status }) },
});

const lengthOf = ({ body }: Outgoing): Readonly<Record<string, string>> =>
  body.length > 0 ? { 'Content-Length': String(body.length), 'Content-Type': 'application/json' } : {};

/** The bytes of a body; `undefined` when it breaks off or is longer than allowed. */
export const collect = (response: IncomingMessage, mostBytes: number): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > mostBytes) response.destroy();
    });
    response.on('error', () => resolve(undefined));
    response.on('close', () => resolve(undefined));
    response.on('end', () => resolve(Buffer.concat(chunks)));
  });

/** Sends one request, its target and headers byte for byte; `undefined` when no whole answer came. */
export const sendRequest = (
  base: URL,
  request: Outgoing,
  receive: (response: IncomingMessage) => Promise<Buffer | undefined>,
): Promise<Incoming | undefined> =>
  new Promise((resolve) => {
    const { method, target, headers, body } = request;
    const sent = httpRequest(
      {
        host: base.hostname,
        port: base.port,
        path: target,
        method,
        headers: { ...lengthOf(request), ...headers } as never,
        agent: false,
      },
      async (response) => {
        const received = await receive(response);
        const status = response.statusCode ?? 0;
        resolve(received && { status, headers: response.headers, body: received });
      },
    );
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
