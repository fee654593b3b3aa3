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
import { CpgError, type CpgErrorCode, type CpgErrorDetails, ResponseValidationError } from '../errors.ts';
import { describe, isObject } from '../platform.ts';
import type { RequestBytes } from '../signing/request-signer.ts';
import type { WireResponse } from '../transport/axios-transport.ts';

/** The arguments of a call, in wire names. */
export interface CallArguments {
  readonly pathParameters?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** The fields of a body; for what is no object none, so that validation names those that are missing. */
export const fieldsOf = <Body extends object>(body: Body): Body => (isObject(body) ? body : ({} as Body));

const invalid = (endpoint: Endpoint, problem: string, cause?: unknown): CpgError =>
  new CpgError('invalid_request', `${endpoint.name}: ${problem}`, { cause });

/**
 * Turns arguments into the final bytes: target with every value percent-encoded in the order given, and the JSON body.
 * Nothing after this may change them. Contract §6, rule 1.
 *
 * @throws CpgError `invalid_request` for what every gateway would refuse, and for a query parameter that no gateway knows:
 * a misspelt filter would silently return everything.
 */
export const buildRequest = (endpoint: Endpoint, given: CallArguments): RequestBytes => {
  if (given.query !== undefined && !isObject(given.query)) {
    throw invalid(endpoint, `the query must be an object: got ${describe(given.query)}.`);
  }
  const unknown = Object.keys(given.query ?? {}).find((name) => !Object.hasOwn(endpoint.query.shape, name));
  if (unknown !== undefined) throw invalid(endpoint, `${unknown}: Unexpected field`);
  const query = writeQuery(endpoint, given.query ?? {});
  const request = { pathParameters: printAll(given.pathParameters), query, body: given.body };
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

/** What is no id is described, since not every value can be printed; validation rejects either. */
const printAll = (values: Readonly<Record<string, unknown>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      PRINTABLE.includes(typeof value) ? String(value) : describe(value),
    ]),
  );

const fillPath = (template: string, values: Readonly<Record<string, unknown>>): string =>
  template.replace(/\{([a-z_]+)\}/g, (_, name: string) => encodeComponent(String(values[name])));

const LONGEST_WIRE_MESSAGE = 1_000;

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

/** What the reader of an answer must know of its request. */
export interface AnswerContext {
  /** The signature that was sent: should a server echo it, it is taken out of the message. */
  readonly signature: string;
  readonly details: CpgErrorDetails;
}

/**
 * Judges one answer: the validated success envelope, or an error made of status and `message`. Contract §3.
 *
 * @throws CpgError for everything that is not a success; ResponseValidationError for a success that breaks the contract.
 */
export const readAnswer = <E extends Endpoint>(
  endpoint: E,
  response: WireResponse,
  context: AnswerContext,
): ResponseOf<E> => {
  const { status } = response;
  const details = { ...context.details, status };
  if (status < 200 || status > 299) throw toError(endpoint, response, context);
  const parsed = endpoint.response.safeParse(parseJson(endpoint, response.body, details));
  if (parsed.success) return parsed.data as ResponseOf<E>;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new ResponseValidationError(
    `${endpoint.name}: the answer breaks the contract at ${path || 'its top level'}: ${issue?.message}.`,
    { ...details, path },
  );
};

const parseJson = (endpoint: Endpoint, body: Buffer, details: CpgErrorDetails): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new ResponseValidationError(
      `${endpoint.name}: the answer should be a JSON envelope: got ${body.length} bytes that are not JSON. Is baseUrl the gateway's?`,
      { ...details, path: '' },
    );
  }
};

const toError = (endpoint: Endpoint, response: WireResponse, context: AnswerContext): CpgError => {
  const { status } = response;
  const wireMessage = readWireMessage(response.body)
    ?.replaceAll(context.signature, '[redacted]')
    .slice(0, LONGEST_WIRE_MESSAGE);
  const isRedirect = status >= 300 && status < 400;
  const rejection = findRejection(status, wireMessage);
  const said = wireMessage ?? (isRedirect ? 'redirect, not followed' : 'no message');
  const cure = rejection === undefined ? undefined : CURES[rejection];
  const message = `${endpoint.name}: ${status} ${said}`;
  return new CpgError(toCode(status, rejection), cure === undefined ? message : `${message}. ${cure}`, {
    ...context.details,
    status,
    wireMessage,
    rejection,
    retryable: RETRYABLE.has(status),
  });
};

const toCode = (status: number, rejection: RejectionCode | undefined): CpgErrorCode => {
  if (rejection === 'timestamp_outside_window') return 'clock_skew';
  if (status >= 300 && status < 400) return 'redirect_refused';
  return CODES[status] ?? (status >= 500 ? 'server_error' : 'unexpected_status');
};

const readWireMessage = (body: Buffer): string | undefined => {
  try {
    const envelope: unknown = JSON.parse(body.toString('utf8'));
    const message = (envelope as { readonly message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
};

const findRejection = (status: number, wireMessage: string | undefined): RejectionCode | undefined => {
  if (status === 422) return 'validation_failed';
  if (wireMessage?.startsWith(`${REJECTIONS.missing_permission.message}: `)) return 'missing_permission';
  return Object.values(REJECTIONS).find((known) => known.status === status && known.message === wireMessage)
    ?.code;
};

/** What to do about a refusal, where its own message does not say. */
export const CURES: Readonly<Partial<Record<RejectionCode, string>>> = Object.freeze({
  invalid_signature:
    'The bytes were signed as they were sent, so keyId and secret do not belong together, or the key was revoked.',
  timestamp_outside_window: 'Set the clock of this machine; the Date of the answer could not correct it.',
  source_ip_not_whitelisted: 'Call from an address on the list of the key, or have this one added.',
  rate_limit_exceeded: 'Set rateLimitPerMinute to wait for the next minute instead.',
  client_reference_conflict: 'Repeat a call unchanged; take a new reference for a new one.',
  idempotency_key_conflict: 'Repeat a call unchanged; take a new key for a new one.',
});
