import {
  type Endpoint,
  REJECTIONS,
  type RejectionCode,
  type ResponseOf,
  type SuccessEnvelope,
  validateResponse,
} from '@cpg/protocol';
import {
  CpgError,
  type CpgErrorCode,
  type CpgErrorDetails,
  ResponseValidationError,
  readWireMessage,
} from '../errors.ts';
import { isObject } from '../platform.ts';
import type { TransportResponse } from '../transport/transport.ts';

const MAX_WIRE_MESSAGE_LENGTH = 1_000;

const CODES: Readonly<Record<number, CpgErrorCode>> = {
  400: 'bad_request',
  401: 'authentication_failed',
  403: 'permission_denied',
  404: 'not_found',
  409: 'conflict',
  422: 'validation_failed',
  429: 'rate_limited',
};

const RETRYABLE = new Set([408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/** Replaces a signature in text from a server. Signatures are lower case; an echo may not be. */
export const redactSignature = (text: string, signature: string): string =>
  // A regular expression for each header of each response would cost more than the signature itself.
  text.length >= signature.length && text.toLowerCase().includes(signature)
    ? text.replace(new RegExp(signature, 'gi'), '[redacted]')
    : text;

/** How the envelope of a success is read. */
export interface ResponseReader<Result> {
  /** For messages, e.g. `balances.list`. */
  readonly name: string;
  /** Returns the result, or the path of the first invalid field and its problem. */
  readonly parse: (
    json: unknown,
  ) => { readonly result: Result } | { readonly path: string; readonly problem: string };
}

export const createReader = <E extends Endpoint>(endpoint: E): ResponseReader<ResponseOf<E>> => ({
  name: endpoint.name,
  parse: (json) => {
    const parsed = validateResponse(endpoint, json);
    if (parsed.success) return { result: parsed.data };
    const [issue] = parsed.error.issues;
    return { path: issue?.path.join('.') ?? '', problem: issue?.message ?? '' };
  },
});

/** For an endpoint that has no types yet (wire protocol §3). */
export const createEnvelopeReader = <Data>(name: string): ResponseReader<SuccessEnvelope<Data>> => ({
  name,
  parse: (json) => {
    if (!isObject(json)) return { path: '', problem: 'Input should be an object' };
    if (json.success !== true) return { path: 'success', problem: "Input should be 'true'" };
    if (!('data' in json)) return { path: 'data', problem: 'Field required' };
    return { result: json as unknown as SuccessEnvelope<Data> };
  },
});

/** The request that a response belongs to. */
interface ResponseContext {
  /** The request's signature, which is redacted if the response's message echoes it. */
  readonly signature: string;
  readonly details: CpgErrorDetails;
}

/**
 * Returns the validated success envelope of a response (wire protocol §3).
 *
 * @throws CpgError for any status outside 200–299; ResponseValidationError for a success with an invalid
 * body.
 */
export const readResponse = <Result>(
  reader: ResponseReader<Result>,
  response: TransportResponse,
  context: ResponseContext,
): Result => {
  const { status } = response;
  if (status < 200 || status > 299) throw createError(reader.name, response, context);
  const parsed = reader.parse(parseJson(reader.name, response, context));
  if ('result' in parsed) return parsed.result;
  const { path, problem } = parsed;
  throw new ResponseValidationError(
    `${reader.name}: the response is invalid at ${path || 'its top level'}: ${problem}.`,
    { ...toDetails(response, context), path },
  );
};

const strictDecoder = new TextDecoder('utf-8', { fatal: true });

const parseJson = (name: string, response: TransportResponse, context: ResponseContext): unknown => {
  const { body } = response;
  try {
    return JSON.parse(strictDecoder.decode(body));
  } catch {
    const bodyExcerpt = formatExcerpt(body, context.signature);
    throw new ResponseValidationError(
      `${name}: the response must be a JSON envelope: got ${body.length} bytes that are not JSON. Check that baseUrl is the gateway's.`,
      { ...toDetails(response, context), bodyExcerpt, path: '' },
    );
  }
};

const createError = (name: string, response: TransportResponse, context: ResponseContext): CpgError => {
  const { status } = response;
  const { signature } = context;
  const message = readWireMessage(response.body);
  const wireMessage =
    message === undefined ? undefined : redactSignature(message, signature).slice(0, MAX_WIRE_MESSAGE_LENGTH);
  const isRedirect = status >= 300 && status < 400;
  const rejection = findRejection(status, wireMessage);
  const bodyExcerpt = wireMessage === undefined ? formatExcerpt(response.body, signature) : undefined;
  const reason = wireMessage ?? (isRedirect ? 'redirect, not followed' : describeBody(bodyExcerpt));
  const fix = rejection === undefined ? undefined : FIXES[rejection];
  const text = `${name}: ${status} ${reason}`;
  return new CpgError(getErrorCode(status, rejection), fix === undefined ? text : `${text}. ${fix}`, {
    ...toDetails(response, context),
    wireMessage,
    rejection,
    bodyExcerpt,
    retryable: RETRYABLE.has(status) || rejection === 'signature_already_used',
  });
};

/** What every error says of its response. */
const toDetails = (
  { status, headers }: TransportResponse,
  { details }: ResponseContext,
): CpgErrorDetails => ({
  ...details,
  status,
  headers: toMap(headers),
});

const toMap = (headers: TransportResponse['headers']): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );

const MAX_EXCERPT_LENGTH = 500;
const MAX_QUOTED_LENGTH = 80;

/** The beginning of a body that is not an envelope; `undefined` for an empty one. */
const formatExcerpt = (body: Uint8Array, signature: string): string | undefined => {
  // More bytes than the excerpt needs, so that the signature is whole wherever it begins.
  const text = new TextDecoder().decode(body.subarray(0, 4 * MAX_EXCERPT_LENGTH));
  const excerpt = redactSignature(text, signature).slice(0, MAX_EXCERPT_LENGTH);
  return excerpt === '' ? undefined : excerpt;
};

/** The beginning of an excerpt in one line and without tags, for messages. */
const describeBody = (excerpt: string | undefined): string => {
  if (excerpt === undefined) return 'without a body: it does not come from the gateway itself';
  const isPage = /^\s*</.test(excerpt);
  const text = isPage
    ? excerpt.replace(/<(style|script)\b.*?(<\/\1>|$)/gis, ' ').replace(/<[^>]*(>|$)/g, ' ')
    : excerpt;
  const words = text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_QUOTED_LENGTH);
  const kind = isPage ? 'with an HTML page' : 'with a body that is not an envelope';
  const quoted = words === '' ? '' : ` (${JSON.stringify(words)})`;
  return `${kind}${quoted}: it does not come from the gateway itself`;
};

const getErrorCode = (status: number, rejection: RejectionCode | undefined): CpgErrorCode => {
  if (rejection === 'timestamp_outside_window') return 'clock_skew';
  if (rejection === 'signature_already_used') return 'replayed';
  if (status >= 300 && status < 400) return 'redirect_refused';
  return CODES[status] ?? (status >= 500 ? 'server_error' : 'unexpected_status');
};

const findRejection = (status: number, wireMessage: string | undefined): RejectionCode | undefined => {
  if (status === 422) return 'validation_failed';
  if (wireMessage?.startsWith(`${REJECTIONS.missing_permission.message}: `)) return 'missing_permission';
  return Object.values(REJECTIONS).find((known) => known.status === status && known.message === wireMessage)
    ?.code;
};

/** How to fix a rejection whose message does not say so. */
const FIXES: Readonly<Partial<Record<RejectionCode, string>>> = Object.freeze({
  invalid_signature:
    'The signed bytes are the sent bytes, so keyId and secret do not match or the key was revoked.',
  timestamp_outside_window:
    'Set the clock of this machine: the Date header of the response could not correct it.',
  signature_already_used:
    'Another process with this key sent the same request in the same second, or a proxy sends each request twice.',
  source_ip_not_whitelisted: "Call from an address on the key's allowlist, or add this address to it.",
  rate_limit_exceeded: 'Set rateLimitPerMinute to wait for the next minute instead.',
  client_reference_conflict: 'Repeat a call with the same parameters, or use a new reference for a new call.',
  idempotency_key_conflict: 'Repeat a call with the same parameters, or use a new key for a new call.',
});
