import { describe, expect, it } from 'vitest';
import { isRejection, missingPermission, REJECTIONS, validationFailed } from './rejections.ts';

describe('REJECTIONS', () => {
  // Copied from the wire protocol: clients may match on these texts.
  it.each([
    ['malformed_request_target', 400, 'Malformed request target'],
    ['malformed_json_body', 400, 'Malformed JSON body'],
    ['missing_authentication_headers', 401, 'Missing authentication headers'],
    ['malformed_authentication_headers', 401, 'Malformed authentication headers'],
    ['timestamp_outside_window', 401, 'Request timestamp is outside the allowed window'],
    ['invalid_signature', 401, 'Invalid signature'],
    ['signature_already_used', 401, 'Request signature has already been used'],
    ['source_ip_not_whitelisted', 403, 'Source IP is not whitelisted for this API key'],
    ['missing_permission', 403, 'API key lacks the required permission'],
    ['not_found', 404, 'Not found'],
    ['network_not_found', 404, 'Network not found'],
    [
      'hot_wallet_not_allocated',
      404,
      'Hot wallet has not been allocated for this network. Enable at least one currency first.',
    ],
    ['method_not_allowed', 405, 'Method not allowed'],
    ['incomplete_body', 408, 'Request body was not received in full'],
    ['client_reference_conflict', 409, 'client_reference was already used with different parameters'],
    ['idempotency_key_conflict', 409, 'idempotency_key was already used with different parameters'],
    ['body_too_large', 413, 'Request body is too large'],
    ['content_encoding_not_supported', 415, 'Content-Encoding is not supported'],
    ['validation_failed', 422, 'Request validation failed'],
    ['rate_limit_exceeded', 429, 'Rate limit exceeded'],
    ['too_many_requests_from_ip', 429, 'Too many requests from this IP'],
    ['insufficient_available_balance', 400, 'Insufficient available balance'],
    ['withdrawals_not_enabled', 400, 'Withdrawals are not enabled for this currency'],
    ['deposits_not_enabled', 400, 'Deposits are not enabled for this currency'],
    ['amount_below_minimum', 400, 'Amount is below the minimum withdrawal amount'],
    ['invalid_destination_address', 400, 'Invalid destination address'],
    ['internal_server_error', 500, 'Internal server error'],
    ['service_unavailable', 503, 'Service temporarily unavailable'],
  ] as const)('%s', (code, status, message) => {
    expect(REJECTIONS[code]).toStrictEqual({ code, status, message });
    expect(REJECTIONS[code]).toSatisfy(Object.isFrozen);
  });

  it('has no other', () => {
    expect(Object.keys(REJECTIONS)).toHaveLength(28);
    expect(REJECTIONS).toSatisfy(Object.isFrozen);
  });
});

it('missingPermission names the permission', () => {
  expect(missingPermission('read_balance')).toEqual({
    code: 'missing_permission',
    status: 403,
    message: 'API key lacks the required permission: read_balance',
  });
});

it('validationFailed carries the reasons', () => {
  expect(validationFailed('amount: Field required')).toEqual({
    code: 'validation_failed',
    status: 422,
    message: 'amount: Field required',
  });
});

describe('isRejection', () => {
  it.each([REJECTIONS.not_found, missingPermission('withdraw'), { ...REJECTIONS.not_found }])(
    'accepts %o',
    (value) => {
      expect(isRejection(value)).toBe(true);
    },
  );

  it.each([
    null,
    undefined,
    'not_found',
    {},
    { code: 'not_found', status: 404 },
    { code: 'not_found', message: '' },
    { status: 404, message: '' },
    { code: 'toString', status: 404, message: '' },
    { path: '/', query: '' },
  ])('rejects %o', (value) => {
    expect(isRejection(value)).toBe(false);
  });
});
