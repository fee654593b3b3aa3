import type { ServerResponse } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { rejectionOf } from '../answers/rejection-of.ts';
import { sendRejection } from '../answers/send-rejection.ts';
import type { FaultLog } from '../fault-log.ts';

/** Answers a thrown value in the envelope; a fault of the server (5xx) goes to the log. */
export const answerError = (error: unknown, response: ServerResponse, faults: FaultLog): void => {
  const rejection = findRejection(error);
  if (rejection.status >= 500) faults.log(error);
  sendRejection(response, rejection);
};

const findRejection = (error: unknown): Rejection => {
  try {
    return rejectionOf(error);
  } catch {
    // A thrown value may throw again when its properties are read.
    return REJECTIONS.internal_server_error;
  }
};
