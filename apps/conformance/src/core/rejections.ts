/** A rejection on the wire. */
export interface ExpectedRejection {
  readonly status: number;
  readonly message: string;
}

const rejection = (status: number, message: string): ExpectedRejection => Object.freeze({ status, message });

/**
 * The rejections of wire protocol §2 and §3. Independent of @cpg/protocol: a message that changes there must
 * fail a case here.
 */
export const REJECTIONS = Object.freeze({
  malformedTarget: rejection(400, 'Malformed request target'),
  malformedJson: rejection(400, 'Malformed JSON body'),
  missingHeaders: rejection(401, 'Missing authentication headers'),
  malformedHeaders: rejection(401, 'Malformed authentication headers'),
  outsideWindow: rejection(401, 'Request timestamp is outside the allowed window'),
  invalidSignature: rejection(401, 'Invalid signature'),
  alreadyUsed: rejection(401, 'Request signature has already been used'),
  sourceIp: rejection(403, 'Source IP is not whitelisted for this API key'),
  notFound: rejection(404, 'Not found'),
  methodNotAllowed: rejection(405, 'Method not allowed'),
  bodyTooLarge: rejection(413, 'Request body is too large'),
  contentEncoding: rejection(415, 'Content-Encoding is not supported'),
  rateLimit: rejection(429, 'Rate limit exceeded'),
  unavailable: rejection(503, 'Service temporarily unavailable'),
  referenceConflict: rejection(409, 'client_reference was already used with different parameters'),
  insufficientBalance: rejection(400, 'Insufficient available balance'),
});

export const createPermissionRejection = (permission: string): ExpectedRejection =>
  rejection(403, `API key lacks the required permission: ${permission}`);
