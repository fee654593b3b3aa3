import { SIGNATURE_HEADER } from '@cpg/protocol';
import {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import { CpgError } from '../errors/cpg-error.ts';
import { type OwnClientCredentials, OwnClientSigner } from './own-client-signer.ts';
import { readMessage } from './read-message.ts';

/**
 * Makes an axios instance of your own sign all it sends. Signing happens in the adapter, after every interceptor and
 * transform, so that the signed bytes are the sent ones; a retry signs anew. Redirects are not followed, and neither
 * responses nor errors show the signature (their `request` is left out for that). `baseUrl` defaults to the instance's.
 * Returns the instance.
 *
 * @throws CpgError `invalid_configuration` at once; `invalid_request` from a request to another origin, or with a stream
 * or form as its body, whose bytes cannot be known beforehand.
 */
export const signAxios = <Instance extends AxiosInstance>(
  instance: Instance,
  credentials: Omit<OwnClientCredentials, 'baseUrl'> & Partial<Pick<OwnClientCredentials, 'baseUrl'>>,
): Instance => {
  const baseUrl = credentials.baseUrl ?? originOf(instance.defaults.baseURL);
  const signer = new OwnClientSigner({ ...credentials, baseUrl });
  const given = instance.defaults.adapter;
  // Only the http adapter can be told not to follow redirects.
  const send: AxiosAdapter = typeof given === 'function' ? given : getAdapter('http');

  instance.defaults.adapter = async (config) => {
    const body = toBytes(config.data);
    const method = config.method ?? 'get';
    const signal = config.signal instanceof AbortSignal ? config.signal : undefined;
    const { url, signed, sentAt } = await signer.sign({ method, url: instance.getUri(config), body, signal });
    const frozen: InternalAxiosRequestConfig = {
      ...config,
      url,
      data: body,
      headers: config.headers.concat(signed.headers),
      maxRedirects: 0,
    };
    delete frozen.baseURL;
    delete frozen.params;
    try {
      const response = await send(frozen);
      observe(signer, response, sentAt);
      return redact(frozen, response);
    } catch (error) {
      const { response } = error as { readonly response?: AxiosResponse };
      if (response !== undefined) observe(signer, redact(frozen, response), sentAt);
      throw redact(frozen, error as object);
    }
  };
  return instance;
};

const originOf = (baseURL: string | undefined): string =>
  baseURL !== undefined && URL.canParse(baseURL) ? new URL(baseURL).origin : '';

const toBytes = (data: unknown): Buffer | undefined => {
  if (data === undefined || data === null) return undefined;
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw new CpgError(
    'invalid_request',
    'A signed body must be JSON, text or bytes: the bytes of a stream or form are not known before it is sent.',
  );
};

const observe = (signer: OwnClientSigner, { status, headers, data }: AxiosResponse, sentAt: number): void => {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  signer.observe({
    sentAt,
    status,
    message: readMessage(data),
    date: text(headers.date),
    age: text(headers.age),
  });
};

const redact = <Outcome extends object>(config: InternalAxiosRequestConfig, outcome: Outcome): Outcome => {
  config.headers.set(SIGNATURE_HEADER, '[redacted]');
  // Node's request object carries the whole header text.
  Reflect.deleteProperty(outcome, 'request');
  return outcome;
};
