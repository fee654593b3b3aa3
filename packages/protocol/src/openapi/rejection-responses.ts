import { errorEnvelope } from '../envelope.ts';
import { REJECTIONS, type Rejection, type RejectionCode } from '../rejections.ts';
import { type JsonObject, reference } from './schemas.ts';

/** The rejections of every endpoint. Wire protocol §2 and §3. */
const COMMON: readonly RejectionCode[] = [
  'malformed_request_target',
  'missing_authentication_headers',
  'malformed_authentication_headers',
  'timestamp_outside_window',
  'invalid_signature',
  'signature_already_used',
  'source_ip_not_whitelisted',
  'incomplete_body',
  'body_too_large',
  'content_encoding_not_supported',
  'validation_failed',
  'rate_limit_exceeded',
  'too_many_requests_from_ip',
  'internal_server_error',
  'service_unavailable',
];

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'Malformed, or rejected by a business rule.',
  401: 'Not authenticated: headers, timestamp, signature, or a replay.',
  403: 'Authenticated, but not allowed.',
  404: 'Not found, or not of this account.',
  408: 'The body did not arrive in time or in full.',
  409: 'The idempotency reference was used with other parameters.',
  413: 'The body is too large.',
  415: 'The body has a Content-Encoding.',
  422: 'A parameter or field is not valid: `field: reason; field: reason`.',
  429: "Too many requests: the key's limit (no Retry-After; the next epoch minute), or the IP address's (with Retry-After).",
  500: 'Internal error.',
  503: 'Temporarily unavailable; nothing was done.',
};

const RETRY_AFTER = { 'Retry-After': reference('headers', 'RetryAfter') };
const RATE_LIMIT = {
  'X-RateLimit-Limit': reference('headers', 'RateLimitLimit'),
  'X-RateLimit-Remaining': reference('headers', 'RateLimitRemaining'),
  'X-RateLimit-Reset': reference('headers', 'RateLimitReset'),
};
const HEADERS: Readonly<Record<number, JsonObject>> = {
  429: { ...RETRY_AFTER, ...RATE_LIMIT },
  503: RETRY_AFTER,
};

const toResponse = (status: number, rejections: readonly Rejection[]): JsonObject => {
  const examples = rejections.map(({ code, message }) => [code, { value: errorEnvelope(message) }]);
  const headers = HEADERS[status];
  return {
    description: DESCRIPTIONS[status],
    ...(headers && { headers }),
    content: {
      'application/json': { schema: reference('schemas', 'Error'), examples: Object.fromEntries(examples) },
    },
  };
};

const nameOf = (status: number): string => `Rejected${status}`;
const withStatus = (status: number, codes: readonly RejectionCode[]): Rejection[] =>
  codes.map((code) => REJECTIONS[code]).filter((rejection) => rejection.status === status);
const getStatuses = (codes: readonly RejectionCode[]): number[] => [
  ...new Set(codes.map((code) => REJECTIONS[code].status)),
];

/** The responses that operations refer to. */
export const commonResponses = (): JsonObject =>
  Object.fromEntries(
    getStatuses(COMMON).map((status) => [nameOf(status), toResponse(status, withStatus(status, COMMON))]),
  );

/**
 * The error responses of an operation by status; a status with rejections of its own lists them with the
 * common ones.
 */
export const rejectionResponses = (own: readonly RejectionCode[]): JsonObject =>
  Object.fromEntries(
    getStatuses([...COMMON, ...own]).map((status) => [
      status,
      withStatus(status, own).length === 0
        ? reference('responses', nameOf(status))
        : toResponse(status, withStatus(status, [...COMMON, ...own])),
    ]),
  );
