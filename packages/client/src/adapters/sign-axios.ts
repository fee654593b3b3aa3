import { SIGNATURE_HEADER } from '@cpg/protocol';
import type {
  AxiosAdapter,
  AxiosInstance,
  AxiosProgressEvent,
  AxiosResponse,
  InternalAxiosRequestConfig,
} from 'axios';
import { CpgError } from '../errors.ts';
import { invoke, notify, OBJECT, type OptionRule, requireOption } from '../guards.ts';
import { asBytes, asText, describe, isAbortSignal, isObject } from '../platform.ts';
import { followSignal } from '../time.ts';
import { loadAxios } from '../transport/axios-transport.ts';
import { createRequestFactory } from '../transport/connected-request.ts';
import {
  AdapterSigner,
  REDACTED,
  redactReachable,
  type SignedOutgoingRequest,
  type SigningCredentials,
} from './adapter-signer.ts';
import { isStream, receiveMessage } from './stream-message.ts';

// The types of axios are not in the declarations: it is an optional dependency.

/** The members used of an axios instance. */
export interface AxiosInstanceLike {
  readonly defaults: object;
  getUri(config?: never): string;
}

/**
 * Signs every request of your axios instance and returns the instance. `baseUrl` defaults to the instance's
 * `baseURL`.
 *
 * Signing happens in the adapter, after all interceptors and transforms, so the signed bytes are the sent
 * bytes. A retry gets a new signature. Redirects are not followed. Responses and errors do not contain the
 * signature; their `request` property is removed for that reason.
 *
 * @throws CpgError `invalid_configuration` for options that cannot be used. A request rejects with
 * `invalid_request` when it goes to another origin, or when its body is a stream or a form, whose bytes are
 * not known in advance.
 * @example
 * const api = signAxios(axios.create({ baseURL: 'https://api.example.com' }), { keyId: 'ck_1', secret });
 * const { data } = await api.get('/v1/balances', { params: { currency: 'USDT' } });
 */
export const signAxios = <Instance extends AxiosInstanceLike>(
  signed: Instance,
  credentials: Omit<SigningCredentials, 'baseUrl'> & Partial<Pick<SigningCredentials, 'baseUrl'>>,
): Instance => {
  requireOption('signAxios: instance', signed, AXIOS);
  requireOption('signAxios: options', credentials, OBJECT);
  const instance = signed as unknown as AxiosInstance;
  const baseUrl = credentials.baseUrl ?? parseOrigin(instance.defaults.baseURL);
  const signer = new AdapterSigner('signAxios', { ...credentials, baseUrl });
  const given = instance.defaults.adapter;

  instance.defaults.adapter = async (config) => {
    // Axios adds a listener for each request; many requests may share one signal.
    const { signal, release } = followSignal(requireSignal(config.signal));
    try {
      const body = toBytes(config.data);
      const method = config.method ?? 'get';
      const url = instance.getUri(config);
      // Only the http adapter has a setting that turns redirects off.
      const http = (await loadAxios()).getAdapter('http');
      const send = typeof given === 'function' ? given : http;
      const ownAdapter = send === http;
      const sendOnce = async (wasReplayed: boolean): Promise<Outcome> => {
        const signedRequest = await signer.sign({ method, url, body, signal, wasReplayed });
        return await sendSigned({ config, body, send, ownAdapter, signal, signer, signedRequest });
      };
      const first = await sendOnce(false);
      const mustRepeat = signer.shouldRepeat({ method, ...first });
      const response = (mustRepeat ? await sendOnce(true) : first).finish();
      if (isStream(response.data)) response.data.once('close', release);
      else release();
      return response;
    } catch (error) {
      release();
      throw error;
    }
  };
  return signed;
};

/** The result of one request. */
interface Outcome {
  /** Also that of an error: by default, axios rejects an unsuccessful status. 0 without a response. */
  readonly status: number;
  /** The envelope's `message`, if there was one. */
  readonly message: string | undefined;
  /** Returns the response or throws the error. */
  readonly finish: () => AxiosResponse;
}

const AXIOS: OptionRule = {
  accepts: (value) =>
    typeof value === 'function' && 'getUri' in value && 'defaults' in value && isObject(value.defaults),
  expected: 'an axios instance',
};

interface RequestToSend {
  readonly config: InternalAxiosRequestConfig;
  readonly body: Buffer | undefined;
  readonly send: AxiosAdapter;
  /** Whether `send` is the http adapter of axios. */
  readonly ownAdapter: boolean;
  readonly signal: AbortSignal;
  readonly signer: AdapterSigner;
  readonly signedRequest: SignedOutgoingRequest;
}

const sendSigned = async (toSend: RequestToSend): Promise<Outcome> => {
  const { config } = toSend;
  const { url, plainUrl, signed } = toSend.signedRequest;
  const failures: unknown[] = [];
  let wasSent = false;
  const factory = createRequestFactory(() => {
    wasSent = true;
  });
  const frozen: InternalAxiosRequestConfig = {
    ...config,
    url,
    data: toSend.body,
    headers: config.headers.concat(signed.headers),
    maxRedirects: 0,
    transport: config.transport ?? factory,
    signal: toSend.signal,
    ...guardCallbacks(config, failures),
  };
  delete frozen.baseURL;
  delete frozen.params;
  const redact = <Outcome extends object>(outcome: Outcome): Outcome => {
    // The config in a response or error holds the caller's own functions and signal again.
    frozen.headers.set(SIGNATURE_HEADER, REDACTED);
    // Programs repeat a request with the config of its response.
    frozen.url = plainUrl;
    for (const name of REPLACED) {
      if (config[name] === undefined) delete frozen[name];
      else Object.assign(frozen, { [name]: config[name] });
    }
    // Node's request object refers to everything that was sent.
    Reflect.deleteProperty(outcome, 'request');
    // A custom adapter or transport may keep copies of the headers anywhere.
    if (!wasSent) redactReachable(outcome, signed.signature);
    return outcome;
  };
  try {
    const response = await toSend.send(frozen);
    if (failures.length > 0) throw failures[0];
    return { ...(await observe(toSend, redact(response))), finish: () => response };
  } catch (error) {
    // With axios' own http adapter, nothing has left the process at this point.
    if (!wasSent && frozen.transport === factory && toSend.ownAdapter) signed.release();
    if (!isObject(error)) throw error;
    const { response } = error as { readonly response?: AxiosResponse };
    const seen = response === undefined ? NO_RESPONSE : await observe(toSend, redact(response));
    redact(error);
    const finish = (): never => {
      throw error;
    };
    return { ...seen, finish };
  }
};

const parseOrigin = (baseURL: string | undefined): string =>
  typeof baseURL === 'string' && URL.canParse(baseURL) ? new URL(baseURL).origin : '';

/** Config entries that are replaced while a request is sent. */
const REPLACED = ['transport', 'signal', 'validateStatus', 'onUploadProgress', 'onDownloadProgress'] as const;

const STATUS_CHECK_RESULT = {
  accepts: (value: unknown): value is boolean => !isObject(value),
  expected: 'a boolean',
};

/** Axios calls these functions from stream events, where an exception would end the process. */
const guardCallbacks = (
  config: InternalAxiosRequestConfig,
  failures: unknown[],
): Partial<Pick<InternalAxiosRequestConfig, (typeof REPLACED)[number]>> => {
  const { validateStatus, onUploadProgress, onDownloadProgress } = config;
  return {
    ...(typeof validateStatus === 'function' && {
      validateStatus: (status: number) => {
        try {
          return invoke('validateStatus()', () => validateStatus(status), STATUS_CHECK_RESULT);
        } catch (error) {
          failures.push(error);
          return true;
        }
      },
    }),
    ...(typeof onUploadProgress === 'function' && {
      onUploadProgress: (event: AxiosProgressEvent) =>
        void notify('onUploadProgress', onUploadProgress, event),
    }),
    ...(typeof onDownloadProgress === 'function' && {
      onDownloadProgress: (event: AxiosProgressEvent) =>
        void notify('onDownloadProgress', onDownloadProgress, event),
    }),
  };
};

const requireSignal = (signal: unknown): AbortSignal | undefined => {
  if (signal === undefined || signal === null || isAbortSignal(signal)) return signal ?? undefined;
  throw new CpgError('invalid_request', `signal must be an AbortSignal: got ${describe(signal)}.`);
};

const toBytes = (data: unknown): Buffer | undefined => {
  if (data === undefined || data === null) return undefined;
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  const bytes = asBytes(data);
  if (bytes !== undefined) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new CpgError(
    'invalid_request',
    `A signed body must be JSON, text or bytes, because the bytes of a stream or form are not known in advance: got ${describe(data)}.`,
  );
};

const NO_RESPONSE = { status: 0, message: undefined };

const observe = async (
  { signer, signedRequest }: RequestToSend,
  response: AxiosResponse,
): Promise<Pick<Outcome, 'status' | 'message'>> => {
  const { status, headers } = response;
  const message = await receiveMessage(response);
  signer.observe({
    request: signedRequest,
    status,
    message,
    date: asText(headers?.date),
    age: asText(headers?.age),
  });
  return { status, message };
};
