import { getNodeModule, isObject } from '../platform.ts';
import type { AbortState } from '../time.ts';
import {
  BodyCollector,
  DirectTransport,
  MAX_RESPONSE_BYTES,
  TransportError,
  type TransportResponse,
  tooLarge,
  toTransportError,
  type UnsignalledRequest,
} from './transport.ts';

/** The method of undici's dispatchers that is used. Its arguments are those of undici's `DispatchHandler`. */
export interface Dispatcher {
  // biome-ignore lint/suspicious/noExplicitAny: the types of all versions of undici must be assignable
  dispatch(options: any, handler: any): boolean;
}

/** What undici passes to a handler to control its request. */
interface Controller {
  abort(reason: Error): void;
}

const SCHEME_LENGTH = 'https://'.length;

/** Sends requests to an undici dispatcher, without the parts of `fetch` that the client does not need. */
export class DispatcherTransport extends DirectTransport {
  readonly #dispatcher: Dispatcher;

  constructor(dispatcher: Dispatcher) {
    super();
    this.#dispatcher = dispatcher;
  }

  sendUntil(request: UnsignalledRequest, end: AbortState): Promise<TransportResponse> {
    const { method, url, headers, body } = request;
    // The URL is normalized, so the first slash behind the scheme begins the path.
    const pathStart = url.indexOf('/', SCHEME_LENGTH);
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(request, { end, resolve, reject });
      if (end.aborted) return exchange.abort();
      try {
        const origin = url.slice(0, pathStart);
        const path = url.slice(pathStart);
        this.#dispatcher.dispatch({ origin, path, method, headers, body: body ?? null }, exchange);
      } catch (error) {
        exchange.fail(error);
      }
    });
  }
}

interface Settle {
  readonly end: AbortState;
  readonly resolve: (response: TransportResponse) => void;
  readonly reject: (error: TransportError) => void;
}

/** One request and its response: the handler that undici calls. */
class Exchange {
  readonly #request: UnsignalledRequest;
  readonly #settle: Settle;
  readonly #body = new BodyCollector();
  #status = 0;
  #headers: TransportResponse['headers'] = {};
  #controller: Controller | undefined;
  #error: TransportError | undefined;

  constructor(request: UnsignalledRequest, settle: Settle) {
    this.#request = request;
    this.#settle = settle;
    settle.end.addEventListener('abort', this.abort);
  }

  readonly abort = (): void => this.fail(new TransportError('ABORTED', 'The request was aborted.'));

  #stop(): void {
    this.#settle.end.removeEventListener('abort', this.abort);
  }

  /** Called when the connection is established, before the first byte. */
  onRequestStart(controller: Controller): void {
    // A request that ended in the queue is not sent.
    if (this.#error === undefined) this.#controller = controller;
    else controller.abort(this.#error);
  }

  onResponseStart(_controller: Controller, status: number, headers: TransportResponse['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    try {
      this.#body.add(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseEnd(): void {
    this.#stop();
    const encoding = this.#headers['content-encoding'];
    try {
      const body = decode(this.#body.toBytes(), encoding);
      this.#settle.resolve({ status: this.#status, headers: this.#headers, body });
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseError(_controller: Controller, error: unknown): void {
    this.fail(error);
  }

  /** Rejects, and ends the request if it is in flight. */
  fail(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#stop();
    const { code, message } = toTransportError(error, this.#request);
    const neverSent = this.#controller === undefined;
    this.#error = new TransportError(code, message, { neverSent });
    this.#controller?.abort(this.#error);
    this.#settle.reject(this.#error);
  }
}

/** Decodes a response that was compressed although the request did not ask for it. */
const decode = (body: Uint8Array, encoding: unknown): Uint8Array => {
  if (typeof encoding !== 'string' || body.length === 0) return body;
  const { gunzipSync, inflateSync, brotliDecompressSync } = getNodeModule('node:zlib');
  const decoders = { gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  const name = encoding.toLowerCase();
  if (!Object.hasOwn(decoders, name)) return body;
  try {
    return decoders[name as keyof typeof decoders](body, { maxOutputLength: MAX_RESPONSE_BYTES });
  } catch (error) {
    if (isObject(error) && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw error;
  }
};

/** Tells whether a `fetch` of Node.js has begun to send. */
interface FetchWatch {
  /** To be passed to `fetch`. */
  readonly init: object;
  /** `undefined` if the `fetch` ignored `init`. */
  neverSent(): boolean | undefined;
}

const GLOBAL_DISPATCHERS = {
  old: Symbol.for('undici.globalDispatcher.1'),
  new: Symbol.for('undici.globalDispatcher.2'),
};

const getGlobalDispatcher = (handler: object): Dispatcher | undefined => {
  const { [GLOBAL_DISPATCHERS.old]: old, [GLOBAL_DISPATCHERS.new]: current } = globalThis as Readonly<
    Record<symbol, Dispatcher | undefined>
  >;
  // undici 8 keeps a dispatcher for handlers of its own, and one for the older handlers of Node.js.
  return 'onRequestStart' in handler ? (current ?? old) : old;
};

/**
 * The `fetch` of Node.js is undici's, which sends with a dispatcher. Watches the global one, so that a request
 * that ends before its connection is established is known not to have been sent. `undefined` in other runtimes.
 */
export const watchFetch = (): FetchWatch | undefined => {
  // Loads undici, which sets the global dispatcher.
  if (typeof Headers === 'undefined' || getGlobalDispatcher({}) === undefined) return undefined;
  let state: 'ignored' | 'waiting' | 'started' = 'ignored';
  const dispatcher = {
    get isMockActive(): unknown {
      return (getGlobalDispatcher({}) as { readonly isMockActive?: unknown } | undefined)?.isMockActive;
    },
    dispatch: (options: unknown, handler: object): boolean => {
      if (onStart(handler, () => (state = 'started')) && state === 'ignored') state = 'waiting';
      return (getGlobalDispatcher(handler) as Dispatcher).dispatch(options, handler);
    },
  };
  return {
    init: { dispatcher },
    neverSent: () => (state === 'ignored' ? undefined : state === 'waiting'),
  };
};

/** Calls back before a request is written to its connection. Returns whether the handler allows that. */
const onStart = (handler: object, callback: () => void): boolean => {
  const methods = handler as Record<string, unknown>;
  const name = ['onRequestStart', 'onConnect'].find((each) => typeof methods[each] === 'function');
  if (name === undefined) return false;
  const given = methods[name] as (...args: unknown[]) => unknown;
  return Reflect.set(handler, name, (...args: unknown[]) => {
    callback();
    return given.apply(handler, args);
  });
};
