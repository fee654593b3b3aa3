import type { Axios, AxiosProxyConfig, AxiosStatic } from 'axios';
import { CpgError } from '../errors.ts';
import { checkOptions, methods, type OptionRule, type OptionRules } from '../guards.ts';
import { asText, getNodeModule, isObject } from '../platform.ts';
import { createRequestFactory } from './connected-request.ts';
import {
  MAX_RESPONSE_BYTES,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
  tooLarge,
  toTransportError,
} from './transport.ts';

// The types of Node.js and axios are not in the declarations: a program may be compiled without them.

/** An `Agent` of `node:http` or `node:https`, or one of a package such as `https-proxy-agent`. */
export interface ConnectionAgent {
  destroy(): void;
}

/** A proxy for https and http. */
export interface ProxyOptions {
  /** Of the connection to the proxy. @default 'http' */
  readonly protocol?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
}

/** The options of {@link axiosTransport}. */
export interface ConnectionOptions {
  /** Replaces the client's keep-alive agent for http. */
  readonly httpAgent?: ConnectionAgent | undefined;
  /**
   * Replaces the client's keep-alive agent for https, e.g. to set client certificates, a CA or socket limits.
   */
  readonly httpsAgent?: ConnectionAgent | undefined;
  /**
   * A proxy, or `false` for none. Defaults to the environment's `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`,
   * except for loopback.
   */
  readonly proxy?: ProxyOptions | false | undefined;
}

const isAgent = methods('addRequest', 'destroy');
const HOST = /^[^\s/@]+$/;
const PORT = /^[0-9]{1,5}$/;
const PROXY: OptionRule = {
  accepts: (value) =>
    value === false ||
    (isObject(value) && HOST.test(asText(value.host) ?? '') && PORT.test(String(value.port))),
  expected: 'false or an object with host and port',
  fix: "{ protocol: 'http', host: 'proxy.example.com', port: 3128, auth: { username, password } }",
};

/** Option rules of {@link axiosTransport}. */
export const CONNECTION_RULES: OptionRules<ConnectionOptions> = {
  httpAgent: isAgent,
  httpsAgent: isAgent,
  proxy: PROXY,
};

/**
 * Sends requests with axios over `node:http`: the default in Node.js. Needs the package `axios`, which is
 * imported at the first call.
 *
 * @throws CpgError `invalid_configuration` for options that cannot be used. Calls reject with it if axios is
 * not installed.
 * @example
 * new CpgClient({ baseUrl, keyId, secret, transport: axiosTransport({ httpsAgent }) });
 */
export const axiosTransport = (options: ConnectionOptions = {}): Transport => {
  checkOptions('axiosTransport', options, CONNECTION_RULES);
  return new AxiosTransport(options);
};

/** Sends bytes with axios, without parameters, transforms, redirects or global defaults. */
class AxiosTransport implements Transport {
  readonly #options: ConnectionOptions;
  readonly #ownAgents: { destroy(): void }[] = [];
  #axios: Axios | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  prepare(): void | Promise<void> {
    if (this.#axios === undefined) return this.#load();
  }

  async #load(): Promise<void> {
    const library = await loadAxios();
    this.#axios ??= this.#create(library);
  }

  #create({ Axios }: AxiosStatic): Axios {
    const { httpAgent, httpsAgent, proxy } = this.#options;
    return new Axios({
      // Unlike axios.create(), the class has no transforms and ignores defaults that the program sets on the
      // global axios.
      adapter: 'http',
      httpAgent: httpAgent ?? this.#own(new (getNodeModule('node:http').Agent)({ keepAlive: true })),
      httpsAgent: httpsAgent ?? this.#own(new (getNodeModule('node:https').Agent)({ keepAlive: true })),
      ...(proxy === undefined ? {} : { proxy: proxy as AxiosProxyConfig | false }),
      maxRedirects: 0,
      maxContentLength: MAX_RESPONSE_BYTES,
      maxBodyLength: Number.POSITIVE_INFINITY,
      responseType: 'arraybuffer',
      validateStatus: null,
    });
  }

  #own<Agent extends { destroy(): void }>(agent: Agent): Agent {
    this.#ownAgents.push(agent);
    return agent;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    await this.prepare();
    const { method, url, headers, body, signal } = request;
    let isSent = false;
    const factory = createRequestFactory(() => {
      isSent = true;
    });
    try {
      const response = await (this.#axios as Axios).request({
        method,
        url,
        headers: { ...headers },
        data: asBuffer(body),
        signal,
        transport: factory,
      });
      if (!isSent) throw notTunnelled(response.status);
      return {
        status: response.status,
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value as string]),
        ),
        body: response.data as Uint8Array,
      };
    } catch (error) {
      if (isTooLarge(error)) throw tooLarge();
      const { code, message } = toTransportError(error, request);
      throw new TransportError(code, message, { neverSent: !isSent });
    }
  }

  close(): void {
    for (const agent of this.#ownAgents) agent.destroy();
  }
}

// Axios sends a Buffer as it is, and copies any other view.
const asBuffer = (body: Uint8Array | undefined): Buffer | undefined =>
  body === undefined || Buffer.isBuffer(body)
    ? body
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

/** A response to a request that was not sent is a proxy's response to CONNECT. */
const notTunnelled = (status: number): TransportError =>
  new TransportError('PROXY_REFUSED', `The proxy responded ${status} instead of opening a tunnel.`, {
    neverSent: true,
  });

const isTooLarge = (error: unknown): boolean =>
  isObject(error) && String(error.message).startsWith('maxContentLength');

let library: Promise<AxiosStatic> | undefined;

/**
 * Imports axios, which is an optional dependency.
 *
 * @throws CpgError `invalid_configuration` if it is not installed.
 */
export const loadAxios = (): Promise<AxiosStatic> => {
  library ??= importAxios();
  return library;
};

const importAxios = async (): Promise<AxiosStatic> => {
  try {
    // Inside `try`, bundlers accept that the package is missing.
    return (await import('axios')).default;
  } catch (error) {
    library = undefined;
    throw new CpgError(
      'invalid_configuration',
      'The package axios cannot be imported. Fix: install it, or create the client with transport: fetchTransport().',
      { cause: error },
    );
  }
};
