import { type Endpoint, REJECTIONS, type RejectionCode, type ResponseOf } from '@cpg/protocol';
import { CpgError, type CpgErrorDetails } from '../errors/cpg-error.ts';
import { CURES } from '../errors/cures.ts';
import type { CpgErrorCode } from '../errors/error-codes.ts';
import { ResponseValidationError } from '../errors/response-validation-error.ts';
import type { WireResponse } from '../transport/transport.ts';

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
