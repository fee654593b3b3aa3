import { CpgError } from '../errors.ts';
import { ANY, invokeAsync } from '../guards.ts';
import type { AbortState, AttemptEnd } from '../time.ts';

/** A signed request. Its bytes are final: a transport that changes any of them makes the signature wrong. */
export interface TransportRequest {
  /** In upper case. */
  readonly method: string;
  /** Absolute URL: the origin followed by the signed target. */
  readonly url: string;
  /** Each may be sent once only, unchanged. A transport may add others, e.g. `Host` and `Content-Length`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Aborted at the timeout, at the deadline of the call, by the caller's own signal and by `close()`. */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` is aborted; may be `Infinity`. */
  readonly timeoutMs: number;
}

/** A complete response of any status. */
export interface TransportResponse {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 16 MiB. */
  readonly body: Uint8Array;
}

/**
 * Sends signed bytes: `fetchTransport()`, `axiosTransport()` or your own. Follows no redirects and retries
 * nothing.
 */
export interface Transport {
  /**
   * Sends a request once and resolves to the complete response, whatever its status.
   *
   * Rejects if there is none. An error with the property `neverSent: true` says that no byte of the request
   * can have left this machine; after any other error the outcome of a POST is unknown.
   */
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Imports what `send` needs. Called before each attempt, and not counted in `timeoutMs`. */
  prepare?(): void | Promise<void>;
  /** Closes the connections that this transport owns. */
  close?(): void;
}

/** A request whose end is told in another way than by an `AbortSignal`. */
export type UnsignalledRequest = Omit<TransportRequest, 'signal'>;

/**
 * A transport of this package that needs no `AbortSignal`, ends as soon as its request does, and returns complete
 * responses only.
 */
export abstract class DirectTransport implements Transport {
  readonly #send = this.send;

  abstract sendUntil(request: UnsignalledRequest, end: AbortState): Promise<TransportResponse>;

  send(request: TransportRequest): Promise<TransportResponse> {
    return this.sendUntil(request, request.signal);
  }

  /** `false` if the program has replaced `send`, or put a proxy around the transport. */
  static is(transport: Transport): transport is DirectTransport {
    return #send in transport && transport.send === transport.#send;
  }
}

/** A transport as calls use it. */
export interface CallTransport extends Pick<Transport, 'prepare' | 'close'> {
  sendUntil(request: UnsignalledRequest, end: AttemptEnd): Promise<TransportResponse>;
}

/** The code of a response that exceeds the size limit. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

/** Far larger than any page of the API. */
export const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * No complete response. Does not refer to the HTTP library's error, which contains the request with its
 * headers.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The code of the system or the HTTP library, e.g. `ECONNRESET`. */
  readonly code: string;
  /** Whether no byte of the request can have left this machine. */
  readonly neverSent: boolean;

  constructor(code: string, message: string, { neverSent = false }: { readonly neverSent?: boolean } = {}) {
    super(message);
    this.code = code;
    this.neverSent = neverSent;
  }
}

/** The error of a response that exceeds the size limit. */
export const tooLarge = (): TransportError =>
  new TransportError(RESPONSE_TOO_LARGE, `The response is larger than ${MAX_RESPONSE_BYTES} bytes.`);

/** The bytes of a body that arrives in chunks, up to the size limit. */
export class BodyCollector {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** @throws TransportError `RESPONSE_TOO_LARGE` beyond the limit. */
  add(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#length > MAX_RESPONSE_BYTES) throw tooLarge();
    this.#chunks.push(chunk);
  }

  toBytes(): Uint8Array {
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }
}

/**
 * Prepares a transport before an attempt; most need no time for that.
 *
 * @throws CpgError `callback_failed` for any error that is not a `CpgError`.
 */
export const prepare = async (transport: Pick<Transport, 'prepare'>): Promise<void> => {
  try {
    await transport.prepare?.();
  } catch (error) {
    if (CpgError.is(error)) throw error;
    await invokeAsync('transport.prepare()', () => Promise.reject(error), ANY);
  }
};

// A transport settles at once when its signal is aborted, and then knows whether it has sent anything.
const ABORT_GRACE_MS = 1_000;

/** A transport that the client created, and closes. */
export const connectTransport = (transport: Transport): CallTransport => ({
  ...findPrepare(transport),
  sendUntil: (request, end) => transport.send({ ...request, signal: end.signal }),
  close: () => transport.close?.(),
});

/**
 * A caller's own transport that also ends soon after an abort if it ignores the signal, and whose responses are
 * checked. It cannot be closed, because what the caller created, the caller closes.
 */
export const guardTransport = (transport: Transport): CallTransport => ({
  ...findPrepare(transport),
  sendUntil: (request, end) =>
    DirectTransport.is(transport) ? transport.sendUntil(request, end) : sendGuarded(transport, request, end),
});

const findPrepare = (transport: Transport): Pick<Transport, 'prepare'> =>
  transport.prepare === undefined ? {} : { prepare: () => transport.prepare?.() };

const sendGuarded = async (
  transport: Transport,
  request: UnsignalledRequest,
  end: AttemptEnd,
): Promise<TransportResponse> => {
  const { signal } = end;
  return checkResponse(await untilAborted(transport.send({ ...request, signal }), end));
};

interface Sending {
  readonly end: AttemptEnd;
  /** Whether a byte may have been sent. */
  readonly progress: { isSent: boolean };
}

/**
 * Sends a request with any transport. Rejects requests whose URL or method a library would change.
 *
 * @throws TransportError for every failure.
 */
export const sendWith = async (
  transport: CallTransport,
  request: UnsignalledRequest,
  { end, progress }: Sending,
): Promise<TransportResponse> => {
  try {
    requireFinal(request);
    progress.isSent = true;
    return await transport.sendUntil(request, end);
  } catch (error) {
    const failure = toTransportError(error, request);
    if (failure.neverSent) progress.isSent = false;
    throw failure;
  }
};

// Without a dot or a percent sign in the path, and without characters that parsers encode.
const ALWAYS_NORMALIZED = /^https?:\/\/[^/?#]+\/[\w/-]*(?:\?[\w.~&=%-]+)?$/;

/** Whether URL parsers leave a URL of a normalized origin unchanged. Most are recognized without the parser, which takes longer. */
export const isNormalized = (url: string): boolean => {
  if (ALWAYS_NORMALIZED.test(url)) return true;
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search}` === url;
};

/** HTTP libraries parse the URL and write it again, some also the method. */
const requireFinal = ({ method, url }: UnsignalledRequest): void => {
  if (!isNormalized(url)) {
    throw new TransportError(
      'URL_NOT_NORMALIZED',
      'The target is not in the form in which URL parsers leave it unchanged, so its signature would be wrong.',
      { neverSent: true },
    );
  }
  if (method !== method.toUpperCase()) {
    throw new TransportError('METHOD_NOT_UPPER_CASE', 'The method must be in upper case.', {
      neverSent: true,
    });
  }
};

const untilAborted = <Result>(result: Promise<Result>, end: AbortState): Promise<Result> =>
  new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abandon = (): void => reject(new TransportError('ABORTED', 'The request was aborted.'));
    const onEnd = (): void => {
      timer = setTimeout(abandon, ABORT_GRACE_MS);
    };
    const stop = (): void => {
      end.removeEventListener('abort', onEnd);
      clearTimeout(timer);
    };
    if (end.aborted) onEnd();
    else end.addEventListener('abort', onEnd);
    Promise.resolve(result).then(
      (value) => {
        stop();
        resolve(value);
      },
      (error) => {
        stop();
        reject(error);
      },
    );
  });

const checkResponse = (response: TransportResponse): TransportResponse => {
  const { status, headers, body } = response;
  if (!Number.isInteger(status) || typeof headers !== 'object' || !ArrayBuffer.isView(body)) {
    throw new TransportError(
      'INVALID_TRANSPORT_RESPONSE',
      'A transport must resolve to { status, headers, body }, with the body as a Uint8Array.',
    );
  }
  if (body.length > MAX_RESPONSE_BYTES) throw tooLarge();
  return response;
};

/** Keeps the code and the message of an error, without the values of headers that some libraries quote. */
export const toTransportError = (error: unknown, { headers }: UnsignalledRequest): TransportError => {
  if (error instanceof TransportError) return error;
  const {
    name,
    message,
    neverSent,
    code = DEFAULT_CODES[String(name)],
  } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const text = typeof message === 'string' && message !== '' ? message : 'The request failed.';
  const redacted = Object.values(headers).reduce(
    (rest, value) => (value.length < MIN_REDACTED_LENGTH ? rest : rest.replaceAll(value, '[redacted]')),
    text,
  );
  return new TransportError(typeof code === 'string' && code !== '' ? code : 'UNKNOWN', redacted, {
    neverSent: neverSent === true,
  });
};

// Undici gives most errors of its HTTP parser no code.
const DEFAULT_CODES: Readonly<Record<string, string>> = { HTTPParserError: 'HPE_INVALID' };

// Shorter values are words of many messages.
const MIN_REDACTED_LENGTH = 8;
