import type { ServerResponse } from 'node:http';
import type { Rejection } from '@cpg/protocol';
import { rejectionOf } from '../answers/rejection-of.ts';
import { sendRejection } from '../answers/send-rejection.ts';
import { type Logger, processWarnings } from '../logger.ts';
import { ServerMiddlewareError } from '../server-middleware-error.ts';

/** Answers a thrown value in the envelope; a fault of the server (5xx) is logged, with its code and cure if it has them. */
export const answerError = (
  error: unknown,
  response: ServerResponse,
  logger: Logger = processWarnings,
): void => {
  const rejection: Rejection = rejectionOf(error);
  if (rejection.status >= 500) {
    const { code, help } = ServerMiddlewareError.is(error) ? error : { code: undefined, help: undefined };
    logger.error(
      { err: error, code, help },
      error instanceof Error ? error.message : 'A handler threw no Error.',
    );
  }
  sendRejection(response, rejection);
};
