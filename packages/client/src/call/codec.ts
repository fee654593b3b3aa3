import {
  type Endpoint,
  encodeComponent,
  encodeQuery,
  formatRequestTarget,
  isRejection,
  ProtocolError,
  type QueryValue,
  REJECTIONS,
  type RejectionCode,
  type ResponseOf,
  validateRequest,
} from '@cpg/protocol';
import {
  CpgError,
  type CpgErrorCode,
  type CpgErrorDetails,
  ResponseValidationError,
  readWireMessage,
} from '../errors.ts';
import { describe, isObject } from '../platform.ts';
import type { RequestBytes } from '../signing/request-signer.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** The arguments of a call, with their names on the wire. */
export interface CallArguments {
  readonly pathParameters?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** The fields of a body. A value that is not an object has none, so validation names the missing fields. */
export const asFields = <Body extends object>(body: Body): Body => (isObject(body) ? body : ({} as Body));

const invalid = (endpoint: Endpoint, problem: string, cause?: unknown): CpgError =>
  new CpgError('invalid_request', `${endpoint.name}: ${problem}`, { cause });

/**
 * Turns arguments into the bytes to sign and send: the percent-encoded target, in the order given, and the
 * JSON body. These bytes are final (wire protocol §6, rule 1).
 *
 * @throws CpgError `invalid_request` for arguments that every gateway would reject, and for unknown query
 * parameters: the gateway ignores them, so a misspelled filter would return everything.
 */
export const buildRequest = (endpoint: Endpoint, given: CallArguments): RequestBytes => {
  if (given.query !== undefined && !isObject(given.query)) {
    throw invalid(endpoint, `the query must be an object: got ${describe(given.query)}.`);
  }
  const unknown = Object.keys(given.query ?? {}).find((name) => !Object.hasOwn(endpoint.query.shape, name));
  if (unknown !== undefined) throw invalid(endpoint, `${unknown}: Unexpected field`);
  const query = writeQuery(endpoint, given.query ?? {});
  const request = { pathParameters: formatAll(given.pathParameters), query, body: given.body };
  const validated = validateRequest(endpoint, request);
  if (isRejection(validated)) throw invalid(endpoint, validated.message);
  const path = fillPath(endpoint.path, validated.pathParameters);
  return {
    method: endpoint.method,
    target: formatRequestTarget({ path, query }),
    body: endpoint.body === null ? undefined : Buffer.from(JSON.stringify(validated.body), 'utf8'),
  };
};

const writeQuery = (endpoint: Endpoint, query: Readonly<Record<string, unknown>>): string => {
  try {
    return encodeQuery(query as Readonly<Record<string, QueryValue>>);
  } catch (error) {
    if (ProtocolError.is(error)) throw invalid(endpoint, error.message, error);
    throw error;
  }
};

const PRINTABLE = ['string', 'number', 'bigint'];

/**
 * Describes values that are not ids, because some cannot be converted to a string; validation rejects them.
 */
const formatAll = (values: Readonly<Record<string, unknown>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      PRINTABLE.includes(typeof value) ? String(value) : describe(value),
    ]),
  );

const fillPath = (template: string, values: Readonly<Record<string, unknown>>): string =>
  template.replace(/\{([a-z_]+)\}/g, (_, name: string) => encodeComponent(String(values[name])));

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

const RETRYABLE = new Set([408, 429, 500, 502, 503, 504]);

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
export const readResponse = <E extends Endpoint>(
  endpoint: E,
  response: TransportResponse,
  context: ResponseContext,
): ResponseOf<E> => {
  const { status } = response;
  const details = { ...context.details, status };
  if (status < 200 || status > 299) throw createError(endpoint, response, context);
  const parsed = endpoint.response.safeParse(parseJson(endpoint, response.body, details));
  if (parsed.success) return parsed.data as ResponseOf<E>;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new ResponseValidationError(
    `${endpoint.name}: the response is invalid at ${path || 'its top level'}: ${issue?.message}.`,
    { ...details, path },
  );
};

const parseJson = (endpoint: Endpoint, body: Uint8Array, details: CpgErrorDetails): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new ResponseValidationError(
      `${endpoint.name}: the response must be a JSON envelope: got ${body.length} bytes that are not JSON. Check that baseUrl is the gateway's.`,
      { ...details, path: '' },
    );
  }
};

const createError = (endpoint: Endpoint, response: TransportResponse, context: ResponseContext): CpgError => {
  const { status } = response;
  const wireMessage = readWireMessage(response.body)
    ?.replaceAll(context.signature, '[redacted]')
    .slice(0, MAX_WIRE_MESSAGE_LENGTH);
  const isRedirect = status >= 300 && status < 400;
  const rejection = findRejection(status, wireMessage);
  const reason = wireMessage ?? (isRedirect ? 'redirect, not followed' : 'no message');
  const fix = rejection === undefined ? undefined : FIXES[rejection];
  const message = `${endpoint.name}: ${status} ${reason}`;
  return new CpgError(getErrorCode(status, rejection), fix === undefined ? message : `${message}. ${fix}`, {
    ...context.details,
    status,
    wireMessage,
    rejection,
    retryable: RETRYABLE.has(status) || rejection === 'signature_already_used',
  });
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
