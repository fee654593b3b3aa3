import type { ServerResponse } from 'node:http';
import { ENVELOPE_CONTENT_TYPE } from '@cpg/protocol';

/**
 * Writes one whole JSON answer. Not `res.json`: its ETag would let an unsigned `If-None-Match` turn a success into 304.
 * `no-store`, because shared caches do not know that `X-CPG-*` headers authenticate. Does nothing when an answer was
 * already begun or the client is gone.
 */
export const sendEnvelope = (response: ServerResponse, status: number, envelope: object): void => {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify(envelope);
  response.statusCode = status;
  response.setHeader('Content-Type', ENVELOPE_CONTENT_TYPE);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
};
