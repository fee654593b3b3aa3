import type { CpgError } from '../errors/cpg-error.ts';

// The business logic has answered: whatever an earlier attempt did, this is the outcome.
const DECIDED_STATUSES = new Set([400, 404, 409, 422]);

/** Whether the request may have been executed although the attempt failed: no reply, one from halfway, or an unreadable one. */
export const mayHaveExecuted = ({ status, code }: CpgError): boolean =>
  status === undefined || status === 408 || status >= 500 || code === 'invalid_response';

/** Whether this error tells the outcome of the whole call, lost replies of earlier attempts included. */
export const decidesOutcome = ({ status }: CpgError): boolean =>
  status !== undefined && DECIDED_STATUSES.has(status);
