import type { EventEmitter } from 'node:events';
import { SIGNATURE_HEADER } from '@cpg/protocol';
import {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosProgressEvent,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import { CpgError } from '../errors.ts';
import { ask, notify, OBJECT, type OptionRule, requireOption } from '../guards.ts';
import { bytesOf, describe, isAbortSignal, isObject } from '../platform.ts';
import { followSignal } from '../time.ts';
import { createRequestFactory } from '../transport/connected-request.ts';
import {
  type OwnClientCredentials,
  OwnClientSigner,
  type OwnSignedRequest,
  REDACTED,
  readMessage,
  redactReachable,
} from './adapter-signer.ts';

/**
 * Makes an axios instance of your own sign all it sends. Signing happens in the adapter, after every interceptor and
 * transform, so that the signed bytes are the sent ones; a retry signs anew. Redirects are not followed, and neither
 * responses nor errors show the signature, whatever the `responseType` (their `request` is left out for that). `baseUrl` defaults to the instance's.
 * Returns the instance.
 *
 * @throws CpgError `invalid_configuration` at once; `invalid_request` from a request to another origin, or with a stream
 * or form as its body, whose bytes cannot be known beforehand.
 */
export const signAxios = <Instance extends AxiosInstance>(
  instance: Instance,
  credentials: Omit<OwnClientCredentials, 'baseUrl'> & Partial<Pick<OwnClientCredentials, 'baseUrl'>>,
): Instance => {
  requireOption('signAxios: instance', instance, AXIOS);
  requireOption('signAxios: options', credentials, OBJECT);
  const baseUrl = credentials.baseUrl ?? originOf(instance.defaults.baseURL);
  const signer = new OwnClientSigner('signAxios', { ...credentials, baseUrl });
  const given = instance.defaults.adapter;
  // Only the http adapter can be told not to follow redirects.
  const send: AxiosAdapter = typeof given === 'function' ? given : getAdapter('http');

  instance.defaults.adapter = async (config) => {
    // Axios adds a listener for each request, and one signal may serve many requests.
    const { signal, release } = followSignal(requireSignal(config.signal));
    try {
      const body = toBytes(config.data);
      const method = config.method ?? 'get';
      const url = instance.getUri(config);
      const signedRequest = await signer.sign({ method, url, body, signal });
      const response = await sendSigned({ config, body, send, signal, signer, signedRequest });
      if (isStream(response.data)) response.data.once('close', release);
      else release();
      return response;
    } catch (error) {
      release();
      throw error;
    }
  };
  return instance;
};

const AXIOS: OptionRule = {
  accepts: (value) =>
    typeof value === 'function' && 'getUri' in value && 'defaults' in value && isObject(value.defaults),
  expected: 'an axios instance',
};

interface RequestToSend {
  readonly config: InternalAxiosRequestConfig;
  readonly body: Buffer | undefined;
  readonly send: AxiosAdapter;
  readonly signal: AbortSignal;
  readonly signer: OwnClientSigner;
  readonly signedRequest: OwnSignedRequest;
}

const sendSigned = async (toSend: RequestToSend): Promise<AxiosResponse> => {
  const { config, signer } = toSend;
  const { url, signed, sentAt } = toSend.signedRequest;
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
    // What is seen of the config afterwards is the caller's own again.
    frozen.headers.set(SIGNATURE_HEADER, REDACTED);
    for (const name of REPLACED) {
      if (config[name] === undefined) delete frozen[name];
      else Object.assign(frozen, { [name]: config[name] });
    }
    // Node's request object leads to everything that was sent.
    Reflect.deleteProperty(outcome, 'request');
    // Another adapter or transport keeps the headers where it likes.
    if (!wasSent) redactReachable(outcome, signed.signature);
    return outcome;
  };
  try {
    const response = await toSend.send(frozen);
    if (failures.length > 0) throw failures[0];
    observe(signer, response, sentAt);
    return redact(response);
  } catch (error) {
    // Of Node's own adapter it is certain that nothing has left.
    if (!wasSent && frozen.transport === factory && toSend.send === getAdapter('http')) signed.release();
    if (!isObject(error)) throw error;
    const { response } = error as { readonly response?: AxiosResponse };
    if (response !== undefined) observe(signer, redact(response), sentAt);
    throw redact(error);
  }
};

const originOf = (baseURL: string | undefined): string =>
  typeof baseURL === 'string' && URL.canParse(baseURL) ? new URL(baseURL).origin : '';

/** What is replaced in the config while a request is sent. */
const REPLACED = ['transport', 'signal', 'validateStatus', 'onUploadProgress', 'onDownloadProgress'] as const;

const VERDICT = {
  accepts: (value: unknown): value is boolean => !isObject(value),
  expected: 'a boolean',
};

/** Axios calls these from the events of a stream, where a throw would take down the process. */
const guardCallbacks = (
  config: InternalAxiosRequestConfig,
  failures: unknown[],
): Partial<Pick<InternalAxiosRequestConfig, (typeof REPLACED)[number]>> => {
  const { validateStatus, onUploadProgress, onDownloadProgress } = config;
  return {
    ...(typeof validateStatus === 'function' && {
      validateStatus: (status: number) => {
        try {
          return ask('validateStatus()', () => validateStatus(status), VERDICT);
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
  const bytes = bytesOf(data);
  if (bytes !== undefined) return bytes;
  throw new CpgError(
    'invalid_request',
    `A signed body must be JSON, text or bytes, as the bytes of a stream or form are not known before it is sent: got ${describe(data)}.`,
  );
};

const isStream = (data: unknown): data is EventEmitter =>
  isObject(data) && typeof data.once === 'function' && typeof data.pipe === 'function';

const observe = (signer: OwnClientSigner, { status, headers, data }: AxiosResponse, sentAt: number): void => {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  signer.observe({
    sentAt,
    status,
    message: readMessage(data),
    date: text(headers?.date),
    age: text(headers?.age),
  });
};
