import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Axios, type AxiosProxyConfig } from 'axios';
import { createRequestFactory } from './connected-request.ts';

/** One signed request, finished to the last byte. */
export interface WireRequest {
  readonly method: string;
  /** Absolute; what follows the origin is the signed target. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** One answer, not judged yet. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SendControl {
  readonly signal: AbortSignal;
  /** Called once a connection is established, just before the first byte: without it, nothing was sent. */
  readonly onSend: () => void;
}

/** Sends bytes as they are and follows no redirect. */
export interface Transport {
  /** @throws TransportError when there is no complete answer. */
  send(request: WireRequest, control: SendControl): Promise<WireResponse>;
  /** Closes the connections that the transport itself opened. */
  close(): void;
}

/** The code for an answer that was given up because it is too long to be one. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

/** No complete answer. Made of texts alone: the HTTP library's own error carries the request, headers and all. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The system's or the HTTP library's code, e.g. `ECONNRESET`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ConnectionOptions {
  /** Replaces the client's own keep-alive agent for http. */
  readonly httpAgent?: HttpAgent | undefined;
  /** Replaces the client's own keep-alive agent for https: client certificates, own CA, proxies, socket limits. */
  readonly httpsAgent?: HttpsAgent | undefined;
  /**
   * A proxy, or `false` for none. Without it, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment hold, but not
   * for loopback.
   */
  readonly proxy?: AxiosProxyConfig | false | undefined;
}

// Far above any page of the API; an answer beyond it is not one.
const MOST_RESPONSE_BYTES = 16 * 1024 * 1024;

/** Axios, told to do nothing but carry bytes: no parameters, no transforms, no redirects, no defaults of the program. */
export class AxiosTransport implements Transport {
  readonly #axios: Axios;
  readonly #ownAgents: readonly { destroy(): void }[];

  constructor(options: ConnectionOptions) {
    const httpAgent = options.httpAgent ?? new HttpAgent({ keepAlive: true });
    const httpsAgent = options.httpsAgent ?? new HttpsAgent({ keepAlive: true });
    this.#ownAgents = [
      ...(options.httpAgent === undefined ? [httpAgent] : []),
      ...(options.httpsAgent === undefined ? [httpsAgent] : []),
    ];
    // The class, not axios.create(): it has no transforms, and defaults that a program sets on the global axios do not
    // reach a signed request.
    this.#axios = new Axios({
      adapter: 'http',
      httpAgent,
      httpsAgent,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
      maxRedirects: 0,
      maxContentLength: MOST_RESPONSE_BYTES,
      maxBodyLength: Number.POSITIVE_INFINITY,
      responseType: 'arraybuffer',
      validateStatus: null,
    });
  }

  async send(request: WireRequest, { signal, onSend }: SendControl): Promise<WireResponse> {
    const { method, url, headers, body } = request;
    let isSent = false;
    const factory = createRequestFactory(() => {
      isSent = true;
      onSend();
    });
    try {
      const response = await this.#axios.request({
        method,
        url,
        headers: { ...headers },
        data: body,
        signal,
        transport: factory,
      });
      if (!isSent) throw notTunnelled(response.status);
      return {
        status: response.status,
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value as string]),
        ),
        body: Buffer.from(response.data as Uint8Array),
      };
    } catch (error) {
      throw toTransportError(error);
    }
  }

  close(): void {
    for (const agent of this.#ownAgents) agent.destroy();
  }
}

/** A response to a request that was never sent is that of a proxy to its CONNECT. */
const notTunnelled = (status: number): TransportError =>
  new TransportError('PROXY_REFUSED', `The proxy answered ${status} instead of opening a tunnel.`);

const toTransportError = (error: unknown): TransportError => {
  if (error instanceof TransportError) return error;
  const { code, message } = error as Readonly<Record<'code' | 'message', unknown>>;
  if (String(message).startsWith('maxContentLength')) {
    const tooLarge = `The answer is larger than ${MOST_RESPONSE_BYTES} bytes.`;
    return new TransportError(RESPONSE_TOO_LARGE, tooLarge);
  }
  return new TransportError(
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof message === 'string' ? message : 'The request failed.',
  );
};
