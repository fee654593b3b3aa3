import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import {
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  type Rejection,
  type RejectionCode,
  successEnvelope,
} from '@cpg/protocol';
import { drainUnreadBody } from './drain-unread-body.ts';

/** Rows with the cursor of the next page, for endpoints that paginate. Wire protocol §4.5. */
export interface PageContent<Data> {
  readonly data: Data;
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

/** The result of a paginated handler; made by {@link page}. */
export class Page<Data = unknown> {
  readonly content: PageContent<Data>;

  constructor(content: PageContent<Data>) {
    this.content = content;
  }
}

/** Makes the result of a paginated handler: `page({ data, next_cursor, has_more })`. */
export const page = <Data>(content: PageContent<Data>): Page<Data> => new Page(content);

/** One JSON response. */
interface EnvelopeResponse {
  readonly status: number;
  readonly envelope: object;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * Writes one whole JSON response. Not `res.json`: with its ETag an unsigned `If-None-Match` would turn a success into 304.
 * `no-store`, because shared caches do not know that `X-CPG-*` headers authenticate. Does nothing when the response has
 * already started or the client is gone.
 */
const sendEnvelope = (response: ServerResponse, { status, envelope, headers }: EnvelopeResponse): void => {
  if (response.headersSent || response.destroyed) return;
  drainUnreadBody(response);
  const body = JSON.stringify(envelope);
  response.writeHead(status, {
    'Content-Type': ENVELOPE_CONTENT_TYPE,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
};

/** Sends data, or a page of rows, with 200 in the success envelope. Wire protocol §3. */
export const sendSuccess = (response: ServerResponse, data: unknown): void => {
  if (data instanceof Page) {
    const { data: rows, next_cursor, has_more } = data.content;
    sendEnvelope(response, { status: 200, envelope: { ...successEnvelope(rows), next_cursor, has_more } });
    return;
  }
  sendEnvelope(response, { status: 200, envelope: successEnvelope(data) });
};

const HEADERS: Partial<Record<RejectionCode, OutgoingHttpHeaders>> = {
  service_unavailable: { 'Retry-After': '1' },
  // The missing rest of the body would block the connection.
  incomplete_body: { Connection: 'close' },
};

/** Sends a rejection in the error envelope; 503 gets `Retry-After: 1`, 408 closes the connection. Wire protocol §3. */
export const sendRejection = (response: ServerResponse, rejection: Rejection): void =>
  sendEnvelope(response, {
    status: rejection.status,
    envelope: errorEnvelope(rejection.message),
    headers: HEADERS[rejection.code] ?? {},
  });
