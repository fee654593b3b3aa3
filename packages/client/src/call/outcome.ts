import type { CpgError } from '../errors/cpg-error.ts';

// No route that moves money answers 404: that is a machine in between, or a gateway without the route.
const DECIDED_STATUSES = new Set([400, 409, 422]);

/**
 * Whether the request may have been executed although the attempt failed: no reply, one from halfway, an unreadable one; or
 * these very bytes were accepted before, as when a proxy sends a request again.
 */
export const mayHaveExecuted = ({ status, code, rejection }: CpgError): boolean =>
  status === undefined ||
  status === 408 ||
  status >= 500 ||
  code === 'invalid_response' ||
  rejection === 'signature_already_used';

/**
 * Whether the business logic has answered, so that this error is the outcome whatever an earlier attempt did. A refusal
 * without the envelope's `message` is of a machine in between, and says nothing about that attempt.
 */
export const decidesOutcome = ({ status, wireMessage }: CpgError): boolean =>
  status !== undefined && wireMessage !== undefined && DECIDED_STATUSES.has(status);
