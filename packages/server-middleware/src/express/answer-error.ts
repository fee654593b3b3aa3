import type { ServerResponse } from 'node:http';
import { rejectionOf } from '../answers/rejection-of.ts';
import { sendRejection } from '../answers/send-rejection.ts';
import type { FaultLog } from '../fault-log.ts';

/** Answers a thrown value in the envelope; a fault of the server (5xx) goes to the log. */
export const answerError = (error: unknown, response: ServerResponse, faults: FaultLog): void => {
  const rejection = rejectionOf(error);
  if (rejection.status >= 500) faults.log(error);
  sendRejection(response, rejection);
};
