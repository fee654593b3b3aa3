import { CpgError, readWireMessage } from '../errors.ts';
import { FUNCTION, requireOption } from '../guards.ts';
import {
  asBytes,
  describe,
  encodeText,
  getTag,
  isAbortSignal,
  isIterable,
  isObject,
  isRequestLike,
  isUrlLike,
  type RequestLike,
} from '../platform.ts';
import { followSignal } from '../time.ts';
import { isNeverSent } from '../transport/fetch-transport.ts';
import { AdapterSigner, redactReachable, type SigningCredentials } from './adapter-signer.ts';

/** `globalThis.fetch`, or that of npm's undici or node-fetch. */
type AnyFetch = (input: never, init?: never) => Promise<unknown>;
type Send = (url: string, init: object) => Promise<Response>;

// Error envelopes are far shorter. Some implementations hang when one clone of a long body is not read.
const MAX_ERROR_BYTES = 10_000;

/**
 * Returns a `fetch` that signs every request: `signFetch(fetch, credentials)`. URLs may be relative to
 * `baseUrl`.
 *
 * The body is read into bytes, which are signed and sent. Redirects are not followed: the 3xx response is
 * returned. The `fetch` of npm's undici and node-fetch work too, with their own `Request`, `Headers`,
 * `FormData` and `Blob`.
 *
 * @throws CpgError `invalid_configuration` for options that cannot be used. A request rejects with
 * `invalid_request` when it goes to another origin or has arguments that `fetch` does not accept.
 * @example
 * const signedFetch = signFetch(fetch, { baseUrl: 'https://api.example.com', keyId: 'ck_1', secret });
 * const response = await signedFetch('/v1/balances?currency=USDT');
 */
export const signFetch = <Fetch extends AnyFetch>(fetch: Fetch, credentials: SigningCredentials): Fetch => {
  requireOption('signFetch: fetch', fetch, FUNCTION);
  const signer = new AdapterSigner('signFetch', credentials);
  const send = fetch as unknown as Send;
  const signedFetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const request = await readFetchRequest(input, init);
    const first = await sendOnce({ signer, send, init, request, wasReplayed: false });
    if (!first.mustRepeat) return first.response;
    await first.response.text();
    return (await sendOnce({ signer, send, init, request, wasReplayed: true })).response;
  };
  return signedFetch as unknown as Fetch;
};

interface RequestToSend {
  readonly signer: AdapterSigner;
  readonly send: Send;
  readonly init: RequestInit | undefined;
  readonly request: FetchRequest;
  readonly wasReplayed: boolean;
}

interface Received {
  readonly response: Response;
  /** Whether the signature of a read was used before. */
  readonly mustRepeat: boolean;
}

const sendOnce = async ({ signer, send, init, request, wasReplayed }: RequestToSend): Promise<Received> => {
  const { method, headers, body, signal } = request;
  signal?.throwIfAborted();
  const signedRequest = await signWhile(signal, (waiting) =>
    signer.sign({ method, url: request.url, body, signal: waiting, wasReplayed }),
  );
  const { url, signed } = signedRequest;
  for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value);
  try {
    const response = await send(url, {
      ...init,
      method: signed.method,
      headers,
      body: body ?? null,
      // The caller's signal itself, because it also ends the reading of the body.
      signal: signal ?? null,
      redirect: 'manual',
    });
    const text = (name: string) => response.headers.get(name) ?? undefined;
    const { status } = response;
    const isReadable = status === 401 && Number(text('content-length') ?? 0) <= MAX_ERROR_BYTES;
    const message = isReadable ? readWireMessage(await response.clone().text()) : undefined;
    signer.observe({ request: signedRequest, status, message, date: text('date'), age: text('age') });
    redactReachable(response, signed.signature);
    return { response, mustRepeat: signer.shouldRepeat({ method, status, message }) };
  } catch (error) {
    if (isNeverSent(error, { url, method, headers })) signed.release();
    if (isObject(error)) redactReachable(error, signed.signature);
    throw error;
  }
};

/** Signs under a signal that follows the caller's and removes its listener afterwards. */
const signWhile = async <Result>(
  signal: AbortSignal | undefined,
  sign: (waiting: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const { signal: waiting, release } = followSignal(signal);
  try {
    return await sign(waiting);
  } finally {
    release();
  }
};

/** The arguments of a `fetch`, with the body read into bytes. */
interface FetchRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly signal: AbortSignal | undefined;
}

const invalid = (problem: string): CpgError => new CpgError('invalid_request', `signFetch: ${problem}`);

/**
 * Reads the arguments of a `fetch`, including objects of npm's undici, of node-fetch and of other realms.
 *
 * @throws CpgError `invalid_request` for any other value, which would be sent as `[object Object]`.
 */
const readFetchRequest = async (input: unknown, init: RequestInit = {}): Promise<FetchRequest> => {
  const request = isRequestLike(input) ? input : undefined;
  const signal: unknown = init.signal === undefined ? request?.signal : init.signal;
  if (signal !== undefined && signal !== null && !isAbortSignal(signal)) {
    throw invalid(`signal must be an AbortSignal: got ${describe(signal)}.`);
  }
  const url = request?.url ?? getUrl(input);
  const headers = readHeaders(init.headers ?? request?.headers);
  const method = init.method ?? request?.method ?? 'GET';
  if (typeof method !== 'string') throw invalid(`method must be a string: got ${describe(method)}.`);
  const body = await readBody(init.body, request);
  if (body !== undefined && /^(?:get|head)$/i.test(method)) {
    throw invalid(`a ${method.toUpperCase()} request cannot have a body.`);
  }
  if (body?.type && !headers.has('Content-Type')) headers.set('Content-Type', body.type);
  return { url, method, headers, body: body?.bytes, signal: signal ?? undefined };
};

const getUrl = (input: unknown): string => {
  if (typeof input === 'string') return input;
  if (isUrlLike(input)) return input.href;
  throw invalid(`the first argument must be a string, a URL or a Request: got ${describe(input)}.`);
};

const readHeaders = (given: unknown): Headers => {
  if (given === undefined || given === null) return new Headers();
  if (!isObject(given))
    throw invalid(`headers must be a Headers, pairs or an object: got ${describe(given)}.`);
  const pairs = isIterable(given) ? [...given] : Object.entries(given);
  try {
    return new Headers(pairs as [string, string][]);
  } catch (error) {
    throw invalid(`headers cannot be sent: ${(error as Error).message}`);
  }
};

interface ReadBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The default content type of this kind of body. */
  readonly type: string | undefined;
}

const readBody = async (given: unknown, request: RequestLike | undefined): Promise<ReadBody | undefined> => {
  if (given !== undefined && given !== null) return encodeBody(given);
  // A `null` body in the second argument removes the body of the Request.
  if (given === null || request === undefined || request.body === null || request.body === undefined) {
    return undefined;
  }
  return { bytes: new Uint8Array(await request.arrayBuffer()), type: undefined };
};

const encodeBody = async (body: unknown): Promise<ReadBody> => {
  if (typeof body === 'string') return { bytes: encodeText(body), type: 'text/plain;charset=UTF-8' };
  const bytes = asBytes(body);
  // A copy, because the caller may write into its buffer after signing.
  if (bytes !== undefined) return { bytes: bytes.slice(), type: undefined };
  const tag = getTag(body);
  if (tag === 'URLSearchParams') return encodeNative(new URLSearchParams(String(body)));
  if (tag === 'FormData') return encodeNative(await copyForm(body as Iterable<FormEntry>));
  if (isBlobLike(body))
    return { bytes: new Uint8Array(await body.arrayBuffer()), type: body.type || undefined };
  if (isObject(body) && Symbol.asyncIterator in body) {
    return { bytes: await collect(body as unknown as AsyncIterable<unknown>), type: undefined };
  }
  throw invalid(
    `body must be a string, bytes, URLSearchParams, FormData, a Blob or a stream: got ${describe(body)}. Fix: JSON.stringify it.`,
  );
};

interface BlobLike {
  readonly type: string;
  readonly name?: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

type FormEntry = readonly [name: string, value: string | BlobLike];

const isBlobLike = (value: unknown): value is BlobLike =>
  isObject(value) && typeof value.arrayBuffer === 'function' && typeof value.size === 'number';

const copyForm = async (form: Iterable<FormEntry>): Promise<FormData> => {
  const copy = new FormData();
  for (const [name, value] of form) {
    if (typeof value === 'string') copy.append(name, value);
    else copy.append(name, new Blob([await value.arrayBuffer()], { type: value.type }), value.name);
  }
  return copy;
};

const encodeNative = async (body: URLSearchParams | FormData): Promise<ReadBody> => {
  const response = new Response(body);
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    type: response.headers.get('Content-Type') ?? undefined,
  };
};

const collect = async (stream: AsyncIterable<unknown>): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? encodeText(chunk) : asBytes(chunk);
    if (bytes === undefined) throw invalid(`a stream must yield text or bytes: got ${describe(chunk)}.`);
    chunks.push(bytes.slice());
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
};
