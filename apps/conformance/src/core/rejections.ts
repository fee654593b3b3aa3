/** A refusal as it stands on the wire. */
export interface ExpectedRejection {
  readonly status: number;
  readonly message: string;
}

const response = (status: number, message: string): ExpectedRejection => Object.freeze({ status, message });

/**
 * The refusals of contract §2 and §3. Written a second time, apart from @cpg/protocol: a message that changes there must
 * turn a case red here.
 */
export const REJECTIONS = Object.freeze({
  malformedTarget: response(400, 'Malformed request target'),
  malformedJson: response(400, 'Malformed JSON body'),
  missingHeaders: response(401, 'Missing authentication headers'),
  malformedHeaders: response(401, 'Malformed authentication headers'),
  outsideWindow: response(401, 'Request timestamp is outside the allowed window'),
  invalidSignature: response(401, 'Invalid signature'),
  alreadyUsed: response(401, 'Request signature has already been used'),
  sourceIp: response(403, 'Source IP is not whitelisted for this API key'),
  notFound: response(404, 'Not found'),
  methodNotAllowed: response(405, 'Method not allowed'),
  bodyTooLarge: response(413, 'Request body is too large'),
  contentEncoding: response(415, 'Content-Encoding is not supported'),
  rateLimit: response(429, 'Rate limit exceeded'),
  unavailable: response(503, 'Service temporarily unavailable'),
  referenceConflict: response(409, 'client_reference was already used with different parameters'),
  insufficientBalance: response(400, 'Insufficient available balance'),
});

export const createPermissionRejection = (permission: string): ExpectedRejection =>
  response(403, `API key lacks the required permission: ${permission}`);
