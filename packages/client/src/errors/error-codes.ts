/** Every code a `CpgError` can carry, with what it means. Codes are stable: they are added, never renamed. */
export const CPG_ERROR_CODES = Object.freeze({
  invalid_configuration: 'An option of the client cannot be used; nothing was sent.',
  callback_failed:
    'A function that you passed in failed, or returned something else than it must; `cause` is its error.',
  invalid_request: 'An argument of the call breaks the contract; nothing was sent.',
  bad_request: 'Status 400: a business rule refused the call. `rejection` and `wireMessage` say which.',
  authentication_failed: 'Status 401: key, secret or signature is wrong, or a signature was used twice.',
  clock_skew: 'Status 401: the timestamp is outside the window, and the Date header did not help.',
  permission_denied: 'Status 403: the key lacks a permission, or the source IP is not whitelisted.',
  not_found: 'Status 404: no such thing on this account.',
  conflict: 'Status 409: the idempotency reference was used with other parameters.',
  validation_failed: 'Status 422: a field was refused. `wireMessage` names it.',
  rate_limited: 'Status 429: over the limit of the key or of the IP address.',
  server_error: 'Status 5xx: the gateway failed.',
  redirect_refused: 'Status 3xx: a signed request is never sent to another address.',
  unexpected_status: 'Another status that is not a success.',
  invalid_response: 'A read succeeded, but its body is not what the contract says.',
  connection_failed: 'No answer: the connection could not be made or broke.',
  timeout: 'No answer within `timeoutMs`.',
  deadline_exceeded: 'The call did not end within `deadlineMs`, waiting and attempts included.',
  aborted: 'The `signal` of the call was aborted.',
  client_closed: '`close()` was called on this client.',
  outcome_unknown:
    'The request was sent and the reply lost or unreadable: it may or may not have been executed.',
  invalid_webhook: 'The webhook is not authentic, not fresh or not readable; answer 401.',
} as const);

export type CpgErrorCode = keyof typeof CPG_ERROR_CODES;
