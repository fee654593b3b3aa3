import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ENVELOPE_CONTENT_TYPE } from '@cpg/protocol';
import { drainUnreadBody } from '../body/drain-unread-body.ts';

/** One JSON answer. */
export interface EnvelopeAnswer {
  readonly status: number;
  readonly envelope: object;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * Writes one whole JSON answer. Not `res.json`: its ETag would let an unsigned `If-None-Match` turn a success into 304.
 * `no-store`, because shared caches do not know that `X-CPG-*` headers authenticate. Does nothing when an answer was
 * already begun or the client is gone.
 */
export const sendEnvelope = (response: ServerResponse, answer: EnvelopeAnswer): void => {
  if (response.headersSent || response.destroyed) return;
  drainUnreadBody(response);
  const body = JSON.stringify(answer.envelope);
  response.writeHead(answer.status, {
    'Content-Type': ENVELOPE_CONTENT_TYPE,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(body),
    ...answer.headers,
  });
  response.end(body);
};
