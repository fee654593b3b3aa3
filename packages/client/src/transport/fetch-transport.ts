import { checkOptions, FUNCTION, methods, type OptionRules } from '../guards.ts';
import { isObject } from '../platform.ts';
import {
  BodyCollector,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
  toTransportError,
} from './transport.ts';
import { type Dispatcher, DispatcherTransport, watchFetch } from './undici-transport.ts';

/** The options of {@link fetchTransport}. */
export interface FetchTransportOptions {
  /**
   * An `Agent`, `ProxyAgent` or other dispatcher of the package `undici`, version 7 or later, in Node.js: for
   * proxies, certificates and limits of connections. Requests go to it directly, without `fetch`.
   */
  readonly dispatcher?: Dispatcher | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const RULES: OptionRules<FetchTransportOptions> = {
  dispatcher: methods('dispatch'),
  fetch: FUNCTION,
};

/**
 * Sends requests with the platform's `fetch`: the default outside Node.js, and in Node.js where axios is not
 * installed. Proxies and certificates are those of the platform, unless you pass a `dispatcher`.
 *
 * @throws CpgError `invalid_configuration` for options that cannot be used.
 * @example
 * new CpgClient({ baseUrl, keyId, secret, transport: fetchTransport() });
 * @example
 * // npm install undici
 * const dispatcher = new ProxyAgent('http://proxy.example.com:3128');
 * new CpgClient({ baseUrl, keyId, secret, transport: fetchTransport({ dispatcher }) });
 */
export const fetchTransport = (options: FetchTransportOptions = {}): Transport => {
  checkOptions('fetchTransport', options, RULES);
  const { dispatcher, fetch } = options;
  return dispatcher === undefined ? new FetchTransport(fetch) : new DispatcherTransport(dispatcher);
};

class FetchTransport implements Transport {
  readonly #fetch: typeof globalThis.fetch | undefined;

  constructor(fetch: typeof globalThis.fetch | undefined) {
    this.#fetch = fetch;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const { method, url, headers, body, signal } = request;
    if (signal.aborted) throw new TransportError('ABORTED', 'The request was aborted.', { neverSent: true });
    const watch = watchFetch();
    try {
      // Read now, because instrumentation and tests replace it.
      const send = this.#fetch ?? globalThis.fetch;
      const response = await send(url, {
        method,
        headers,
        body: (body ?? null) as NonNullable<RequestInit['body']> | null,
        signal,
        redirect: 'manual',
        ...watch?.init,
      });
      if (response.type === 'opaqueredirect') throw redirected();
      const { status } = response;
      return { status, headers: readHeaders(response.headers), body: await readBody(response.body) };
    } catch (error) {
      throw toFetchError(error, request, watch?.neverSent() ?? isNeverSent(error, request));
    }
  }
}

const redirected = (): TransportError =>
  new TransportError('REDIRECTED', 'The server responded with a redirect, which is not followed.');

const readHeaders = (headers: Headers): TransportResponse['headers'] => {
  const read: Record<string, string | string[]> = {};
  for (const [name, value] of headers) read[name.toLowerCase()] = value;
  const cookies = headers.getSetCookie?.() ?? [];
  if (cookies.length > 0) read['set-cookie'] = cookies;
  return read;
};

const readBody = async (body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> => {
  const collector = new BodyCollector();
  if (body === null) return collector.toBytes();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return collector.toBytes();
      collector.add(value);
    }
  } catch (error) {
    // Closes the connection. A stream that has failed rejects again.
    reader.cancel().catch(() => undefined);
    throw error;
  }
};

/** Node.js describes the failure in the cause of its "fetch failed". */
const toFetchError = (error: unknown, request: TransportRequest, neverSent: boolean): TransportError => {
  if (error instanceof TransportError) return error;
  const cause = isObject(error) && isObject(error.cause) ? error.cause : undefined;
  const { code, message } = toTransportError(typeof cause?.message === 'string' ? cause : error, request);
  return new TransportError(message === BAD_PORT.message ? BAD_PORT.code : code, message, { neverSent });
};

/** What Node.js says of the ports that `fetch` never connects to, such as 6000. */
const BAD_PORT = { message: 'bad port', code: 'BAD_PORT' };

// Failures to resolve a name, to connect and to agree on TLS, in Node.js, Bun and Deno.
const NEVER_SENT_CODES =
  /^(?:ENOTFOUND|EAI_\w+|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;
const NEVER_SENT_MESSAGES =
  /^(?:bad port|unknown scheme)$|client error \(Connect\)|Disallowed operation called within global scope|fetch is not (?:defined|a function)/;

/** The arguments of a `fetch`. */
interface FetchArguments {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers | Readonly<Record<string, string>>;
}

/**
 * Whether the error of a `fetch`, or its arguments, prove that nothing was sent. Other errors, e.g. of a reset
 * connection, prove nothing.
 */
export const isNeverSent = (error: unknown, request: FetchArguments): boolean => {
  for (let each = error; isObject(each); each = each.cause) {
    if (NEVER_SENT_CODES.test(String(each.code)) || NEVER_SENT_MESSAGES.test(String(each.message))) {
      return true;
    }
  }
  return typeof Request === 'function' && !canBeRequested(request);
};

/** Every `fetch` makes a `Request` of its arguments before it connects. */
const canBeRequested = ({ url, method, headers }: FetchArguments): boolean => {
  try {
    return new Request(url, { method, headers }) instanceof Request;
  } catch {
    return false;
  }
};
