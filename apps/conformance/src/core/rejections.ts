/** A refusal as it stands on the wire. */
export interface Answer {
  readonly status: number;
  readonly message: string;
}

const answer = (status: number, message: string): Answer => Object.freeze({ status, message });

/**
 * The refusals of contract §2 and §3. Written a second time, apart from @cpg/protocol: a message that changes there must
 * turn a case red here.
 */
export const ANSWERS = Object.freeze({
  malformedTarget: answer(400, 'Malformed request target'),
  malformedJson: answer(400, 'Malformed JSON body'),
  missingHeaders: answer(401, 'Missing authentication headers'),
  malformedHeaders: answer(401, 'Malformed authentication headers'),
  outsideWindow: answer(401, 'Request timestamp is outside the allowed window'),
  invalidSignature: answer(401, 'Invalid signature'),
  alreadyUsed: answer(401, 'Request signature has already been used'),
  sourceIp: answer(403, 'Source IP is not whitelisted for this API key'),
  notFound: answer(404, 'Not found'),
  methodNotAllowed: answer(405, 'Method not allowed'),
  bodyTooLarge: answer(413, 'Request body is too large'),
  contentEncoding: answer(415, 'Content-Encoding is not supported'),
  rateLimit: answer(429, 'Rate limit exceeded'),
  unavailable: answer(503, 'Service temporarily unavailable'),
  referenceConflict: answer(409, 'client_reference was already used with different parameters'),
  insufficientBalance: answer(400, 'Insufficient available balance'),
});

export const lacksPermission = (permission: string): Answer =>
  answer(403, `API key lacks the required permission: ${permission}`);
