import type { ServerResponse } from 'node:http';
import {
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  type Rejection,
  type RejectionCode,
  successEnvelope,
} from '@cpg/protocol';
import type { ClientError, ServerMiddlewareErrorCode } from '../errors.ts';
import { getRecorder } from '../observability/response-event.ts';
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

/** The members used of a response of `node:http`: a program may be compiled without the types of Node.js. */
export interface NodeResponseLike {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers?: Readonly<Record<string, string | number>>): unknown;
  end(body?: string): unknown;
}

/** A whole response, without any framework. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON in UTF-8. */
  readonly body: string;
  /** What the body tells the client; for the event of the response, and never sent itself. */
  readonly rejection?: Rejection | undefined;
  readonly errorCode?: ServerMiddlewareErrorCode | undefined;
}

/**
 * `no-store`, because shared caches do not know that `X-CPG-*` headers authenticate. No ETag: with it, an unsigned
 * `If-None-Match` would turn a success into 304.
 */
const formatEnvelope = (
  status: number,
  envelope: object,
  headers?: Readonly<Record<string, string>>,
): HttpResponse => ({
  status,
  headers: { 'Content-Type': ENVELOPE_CONTENT_TYPE, 'Cache-Control': 'no-store', ...headers },
  body: JSON.stringify(envelope),
});

/** Formats data, or a page of rows, with 200 in the success envelope. Wire protocol §3. */
export const formatSuccess = (data: unknown): HttpResponse => {
  if (!(data instanceof Page)) return formatEnvelope(200, successEnvelope(data));
  const { data: rows, next_cursor, has_more } = data.content;
  return formatEnvelope(200, { ...successEnvelope(rows), next_cursor, has_more });
};

const HEADERS: Partial<Record<RejectionCode, Readonly<Record<string, string>>>> = {
  service_unavailable: { 'Retry-After': '1' },
  // The missing rest of the body would block the connection.
  incomplete_body: { Connection: 'close' },
};

/** Formats a rejection in the error envelope; 503 gets `Retry-After: 1`, 408 `Connection: close`. Wire protocol §3. */
export const formatRejection = (
  rejection: Rejection,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => {
  const { status, code, message } = rejection;
  return { ...formatEnvelope(status, errorEnvelope(message), { ...HEADERS[code], ...headers }), rejection };
};

/** Formats an error that is meant for the client in the error envelope. Wire protocol §3. */
export const formatClientError = ({ status, message, headers }: ClientError): HttpResponse =>
  formatEnvelope(status, errorEnvelope(message), headers);

/** Does what every response of `node:http` needs before it is sent, whichever framework sends it. */
export const prepareResponse = (response: ServerResponse, content: HttpResponse): void => {
  getRecorder(response)?.responding(content);
  drainUnreadBody(response);
};

/**
 * Writes one whole response. Not `res.json`, which adds an ETag. Does nothing when the response has already started or the
 * client is gone.
 */
export const sendResponse = (response: NodeResponseLike, content: HttpResponse): void => {
  if (response.headersSent || response.destroyed) return;
  prepareResponse(response as ServerResponse, content);
  const { status, headers, body } = content;
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
};

/** Sends data, or a page of rows, with 200 in the success envelope. Wire protocol §3. */
export const sendSuccess = (response: NodeResponseLike, data: unknown): void =>
  sendResponse(response, formatSuccess(data));

/** Sends a rejection in the error envelope; 503 gets `Retry-After: 1`, 408 closes the connection. Wire protocol §3. */
export const sendRejection = (response: NodeResponseLike, rejection: Rejection): void =>
  sendResponse(response, formatRejection(rejection));
