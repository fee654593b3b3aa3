import type { ServerResponse } from 'node:http';
import { errorEnvelope, type Rejection } from '@cpg/protocol';
import { sendEnvelope } from './send-envelope.ts';

const RETRY_AFTER_SECONDS = '1';

/** Answers with a rejection in the error envelope; 503 gets `Retry-After: 1`, 408 closes the connection. Contract §3. */
export const sendRejection = (response: ServerResponse, rejection: Rejection): void => {
  if (response.headersSent || response.destroyed) return;
  if (rejection.code === 'service_unavailable') response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
  // The rest of a body that does not come would block the connection.
  if (rejection.code === 'incomplete_body') response.setHeader('Connection', 'close');
  sendEnvelope(response, rejection.status, errorEnvelope(rejection.message));
};
