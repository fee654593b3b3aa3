import { CpgError } from '../errors.ts';
import { getRuntime, isObject } from '../platform.ts';
import { axiosTransport, type ConnectionOptions } from './axios-transport.ts';
import { fetchTransport } from './fetch-transport.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

/**
 * The transport of a client that names none: axios in Node.js if it is installed or if an option needs it,
 * otherwise `fetch`.
 */
export const createDefaultTransport = (options: ConnectionOptions): Transport => {
  const { httpAgent, httpsAgent, proxy } = options;
  const needsAxios = httpAgent !== undefined || httpsAgent !== undefined || isObject(proxy);
  if (needsAxios) return axiosTransport(options);
  return getRuntime().name === 'node' ? new AxiosOrFetch(options) : fetchTransport();
};

class AxiosOrFetch implements Transport {
  #transport: Transport;

  constructor(options: ConnectionOptions) {
    this.#transport = axiosTransport(options);
  }

  prepare(): void | Promise<void> {
    const preparing = this.#transport.prepare?.();
    if (preparing !== undefined) return this.#orFetch(preparing);
  }

  async #orFetch(preparing: Promise<void>): Promise<void> {
    try {
      await preparing;
    } catch (error) {
      if (!isNotInstalled(error)) throw error;
      this.#transport = fetchTransport();
    }
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    return this.#transport.send(request);
  }

  close(): void {
    this.#transport.close?.();
  }
}

const isNotInstalled = (error: unknown): boolean => {
  const cause = CpgError.is(error) ? error.cause : undefined;
  return isObject(cause) && /^(?:ERR_)?MODULE_NOT_FOUND$/.test(String(cause.code));
};
