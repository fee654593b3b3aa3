import { assertString } from './arguments.ts';

/** How a server rejects a request: a stable code for programs, and the status and message of the response. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly status: number;
  /** The exact `message` of the error envelope; clients may match on it. */
  readonly message: string;
}

/** The table of all rejections. Wire protocol §2 and §3. */
const TABLE = {
  malformed_request_target: [400, 'Malformed request target'],
  malformed_json_body: [400, 'Malformed JSON body'],
  missing_authentication_headers: [401, 'Missing authentication headers'],
  malformed_authentication_headers: [401, 'Malformed authentication headers'],
  timestamp_outside_window: [401, 'Request timestamp is outside the allowed window'],
  invalid_signature: [401, 'Invalid signature'],
  signature_already_used: [401, 'Request signature has already been used'],
  source_ip_not_whitelisted: [403, 'Source IP is not whitelisted for this API key'],
  missing_permission: [403, 'API key lacks the required permission'],
  not_found: [404, 'Not found'],
  network_not_found: [404, 'Network not found'],
  hot_wallet_not_allocated: [
    404,
    'Hot wallet has not been allocated for this network. Enable at least one currency first.',
  ],
  method_not_allowed: [405, 'Method not allowed'],
  incomplete_body: [408, 'Request body was not received in full'],
  client_reference_conflict: [409, 'client_reference was already used with different parameters'],
  idempotency_key_conflict: [409, 'idempotency_key was already used with different parameters'],
  body_too_large: [413, 'Request body is too large'],
  content_encoding_not_supported: [415, 'Content-Encoding is not supported'],
  validation_failed: [422, 'Request validation failed'],
  rate_limit_exceeded: [429, 'Rate limit exceeded'],
  too_many_requests_from_ip: [429, 'Too many requests from this IP'],
  insufficient_available_balance: [400, 'Insufficient available balance'],
  withdrawals_not_enabled: [400, 'Withdrawals are not enabled for this currency'],
  deposits_not_enabled: [400, 'Deposits are not enabled for this currency'],
  amount_below_minimum: [400, 'Amount is below the minimum withdrawal amount'],
  invalid_destination_address: [400, 'Invalid destination address'],
  internal_server_error: [500, 'Internal server error'],
  service_unavailable: [503, 'Service temporarily unavailable'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

/** A code of {@link REJECTIONS}; a minor version may add codes. */
export type RejectionCode = keyof typeof TABLE;

const entries = Object.entries(TABLE).map(([code, [status, message]]) => [
  code,
  Object.freeze({ code: code as RejectionCode, status, message }),
]);

/** Every rejection by code, for example `REJECTIONS.invalid_signature`; frozen. Wire protocol §2 and §3. */
export const REJECTIONS: Readonly<Record<RejectionCode, Rejection>> = Object.freeze(
  Object.fromEntries(entries),
);

/**
 * The 403 for a key without the permission of the endpoint; its message names the permission. Wire protocol
 * §2, restriction 5.
 */
export const missingPermission = (permission: string): Rejection => {
  assertString(permission, 'permission');
  const rejection = REJECTIONS.missing_permission;
  return { ...rejection, message: `${rejection.message}: ${permission}` };
};

/**
 * The 422 of validation; the message is `field: reason; field: reason`, in the order of the schema. Wire
 * protocol §3.
 */
export const validationFailed = (message: string): Rejection => {
  assertString(message, 'message');
  return { ...REJECTIONS.validation_failed, message };
};

/** Whether a value is a rejection; tells one from the result of a check or parser. */
export const isRejection = (value: unknown): value is Rejection => {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const isShaped = 'message' in value && 'status' in value && 'code' in value;
    return isShaped && typeof value.code === 'string' && Object.hasOwn(TABLE, value.code);
  } catch {
    return false; // A proxy may throw.
  }
};
