import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import {
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  type Rejection,
  type RejectionCode,
  successEnvelope,
} from '@cpg/protocol';
import { drainUnreadBody } from './drain-unread-body.ts';

/** Rows with the cursor that leads on, for endpoints that paginate. Contract §4.5. */
export interface PageContent<Data> {
  readonly data: Data;
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

/** What a paginated handler returns; made by {@link page}. */
export class Page<Data = unknown> {
  readonly content: PageContent<Data>;

  constructor(content: PageContent<Data>) {
    this.content = content;
  }
}

/** Returns one page of rows from a handler: `page({ data, next_cursor, has_more })`. */
export const page = <Data>(content: PageContent<Data>): Page<Data> => new Page(content);

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

/** Answers 200 with data, or a page of rows, in the success envelope. Contract §3. */
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
