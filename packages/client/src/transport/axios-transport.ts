import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Axios, type AxiosProxyConfig } from 'axios';
import { createRequestFactory } from './connected-request.ts';

/** A signed request. Its bytes are final. */
interface WireRequest {
  readonly method: string;
  /** Absolute URL: the origin followed by the signed target. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** A complete response of any status. */
export interface WireResponse {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface SendControl {
  readonly signal: AbortSignal;
  /**
   * Called when the connection is established, before the first byte. If it was not called, nothing was sent.
   */
  readonly onSend: () => void;
}

/** Sends bytes unchanged and follows no redirects. */
export interface Transport {
  /** @throws TransportError if there is no complete response. */
  send(request: WireRequest, control: SendControl): Promise<WireResponse>;
  /** Closes the connections of the transport's own agents. */
  close(): void;
}

/** The code of a response that exceeds the size limit. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

/**
 * No complete response. Does not refer to the HTTP library's error, which contains the request with its
 * headers.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The code of the system or the HTTP library, e.g. `ECONNRESET`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ConnectionOptions {
  /** Replaces the client's keep-alive agent for http. */
  readonly httpAgent?: HttpAgent | undefined;
  /**
   * Replaces the client's keep-alive agent for https, e.g. to set client certificates, a CA or socket limits.
   */
  readonly httpsAgent?: HttpsAgent | undefined;
  /**
   * A proxy, or `false` for none. Defaults to the environment's `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`,
   * except for loopback.
   */
  readonly proxy?: AxiosProxyConfig | false | undefined;
}

// Far larger than any page of the API.
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** Sends bytes with axios, without parameters, transforms, redirects or global defaults. */
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
    // Unlike axios.create(), the class has no transforms and ignores defaults that the program sets on the
    // global axios.
    this.#axios = new Axios({
      adapter: 'http',
      httpAgent,
      httpsAgent,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
      maxRedirects: 0,
      maxContentLength: MAX_RESPONSE_BYTES,
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

/** A response to a request that was not sent is a proxy's response to CONNECT. */
const notTunnelled = (status: number): TransportError =>
  new TransportError('PROXY_REFUSED', `The proxy responded ${status} instead of opening a tunnel.`);

const toTransportError = (error: unknown): TransportError => {
  if (error instanceof TransportError) return error;
  const { code, message } = error as Readonly<Record<'code' | 'message', unknown>>;
  if (String(message).startsWith('maxContentLength')) {
    const tooLarge = `The response is larger than ${MAX_RESPONSE_BYTES} bytes.`;
    return new TransportError(RESPONSE_TOO_LARGE, tooLarge);
  }
  return new TransportError(
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof message === 'string' ? message : 'The request failed.',
  );
};
