import { request as httpRequest } from 'node:http';
import { SIGNING, type SigningParts } from './signing-parts.ts';

export interface Outgoing {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface Incoming {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

export interface CallResult {
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: { readonly kind: string; readonly status?: number | undefined; readonly message: string };
}

/** The steps of a call, each replaceable by a broken one. */
export interface ClientParts extends SigningParts {
  readonly encodeQuery: (args: Readonly<Record<string, string>>) => string;
  readonly encodeBody: (args: unknown) => Buffer;
  /** Seconds to stamp the request with; `isUsed` says which seconds would repeat a signature. */
  readonly stamp: (now: number, isUsed: (timestamp: number) => boolean) => number;
  /** Last change before the bytes go out, after signing. */
  readonly beforeSend: (request: Outgoing, secret: string) => Outgoing;
  /** Whether to send once more, newly signed; `undefined` stands for no answer. */
  readonly sendsAgain: (answer: Incoming | undefined, request: Outgoing) => boolean;
  readonly followsRedirects: boolean;
  readonly read: (answer: Incoming | undefined, request: Outgoing) => CallResult;
  /** Whatever it writes beside its answers. */
  readonly log: (secret: string, signature: string) => void;
}

export const failure = (kind: string, message: string, status?: number): CallResult => ({
  ok: false,
  error: { kind, message, ...(status === undefined ? {} : { status }) },
});

const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

const isBalances = (data: unknown): boolean =>
  Array.isArray(data) &&
  data.every(({ balance, held, available }) =>
    [balance, held, available].every((amount) => typeof amount === 'string' && DECIMAL.test(amount)),
  );

const readAnswer = (answer: Incoming | undefined, { target }: Outgoing): CallResult => {
  if (answer === undefined) return failure('no_answer', 'No answer; the outcome is unknown.');
  const { status, text } = answer;
  let envelope: { success?: unknown; message?: unknown; data?: unknown };
  try {
    envelope = JSON.parse(text);
  } catch {
    return failure('unreadable', 'The answer is not JSON.', status);
  }
  const { success, message, data } = envelope;
  if (status !== 200 || success !== true) return failure('refused', String(message), status);
  if (data === undefined || (target.startsWith('/v1/balances') && !isBalances(data)))
    return failure('unreadable', 'The answer has no data of the expected shape.', status);
  return { ok: true, data };
};

/** A small, correct client that never tries twice. */
export const CLIENT: ClientParts = {
  ...SIGNING,
  encodeQuery: (args) =>
    Object.entries(args)
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&'),
  encodeBody: (args) => Buffer.from(JSON.stringify(args)),
  stamp: (now, isUsed) => {
    let timestamp = now;
    while (isUsed(timestamp)) timestamp++;
    return timestamp;
  },
  beforeSend: (request) => request,
  sendsAgain: () => false,
  followsRedirects: false,
  read: readAnswer,
  log: () => undefined,
};

/** Sends one request, its target and headers byte for byte; `undefined` when no whole answer came. */
export const sendRequest = (
  base: URL,
  { method, target, body, headers }: Outgoing,
): Promise<Incoming | undefined> =>
  new Promise((resolve) => {
    const length =
      body.length > 0 ? { 'Content-Length': String(body.length), 'Content-Type': 'application/json' } : {};
    const request = httpRequest(
      {
        host: base.hostname,
        port: base.port,
        path: target,
        method,
        headers: { ...headers, ...length } as never,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve(undefined));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    request.on('error', () => resolve(undefined));
    request.end(body);
  });
