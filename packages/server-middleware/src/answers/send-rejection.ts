import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { errorEnvelope, type Rejection, type RejectionCode } from '@cpg/protocol';
import { sendEnvelope } from './send-envelope.ts';

const HEADERS: Partial<Record<RejectionCode, OutgoingHttpHeaders>> = {
  service_unavailable: { 'Retry-After': '1' },
  // The rest of a body that does not come would block the connection.
  incomplete_body: { Connection: 'close' },
};

/** Answers with a rejection in the error envelope; 503 gets `Retry-After: 1`, 408 closes the connection. Contract §3. */
export const sendRejection = (response: ServerResponse, rejection: Rejection): void =>
  sendEnvelope(response, {
    status: rejection.status,
    envelope: errorEnvelope(rejection.message),
    headers: HEADERS[rejection.code] ?? {},
  });
