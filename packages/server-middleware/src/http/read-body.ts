import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { ServerMiddlewareError } from '../errors.ts';

export interface BodyLimits {
  /** Bytes. */
  readonly limit: number;
  /** Milliseconds from here to the last byte. */
  readonly timeoutMs: number;
}

/** A request that may carry the bytes that a parser captured before. */
export type MessageWithRawBody = IncomingMessage & { readonly rawBody?: unknown };

const NO_BODY = Buffer.alloc(0);

/**
 * The body of a Node request as the bytes that arrived: read from the stream, or taken from `rawBody` when a parser in
 * front captured them. A body that was read and not captured is an error, never an empty body: its hash would let a
 * request without body vouch for any other. A declared length over the limit is refused before a byte is read. Contract §1.2.
 *
 * @throws ServerMiddlewareError `body_already_parsed`, `raw_body_not_bytes`, `raw_body_length_mismatch`
 */
export const readBody = (
  message: MessageWithRawBody,
  limits: BodyLimits,
): Buffer | Rejection | Promise<Buffer | Rejection> => {
  const declared = declaredLength(message);
  if (declared !== undefined && declared > limits.limit) return REJECTIONS.body_too_large;
  if (message.rawBody !== undefined) return takeCaptured(message.rawBody, declared, limits.limit);
  if (declared === 0) return NO_BODY;
  if (message.readableDidRead || message.readableEnded) {
    throw new ServerMiddlewareError(
      'body_already_parsed',
      'A body parser read the request before cpgAuth and kept no raw bytes. Mount cpgAuth before express.json(), or capture the bytes: express.json({ verify: (req, res, bytes) => { req.rawBody = bytes } }).',
    );
  }
  return collectBody(message, limits);
};

/** Bytes that the headers promise; `undefined` when only the stream can tell. HTTP/2 needs no length for a body. */
const declaredLength = ({ headers, httpVersionMajor }: IncomingMessage): number | undefined => {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  return httpVersionMajor >= 2 ? undefined : 0;
};

const takeCaptured = (captured: unknown, declared: number | undefined, limit: number): Buffer | Rejection => {
  if (!(captured instanceof Uint8Array)) {
    throw new ServerMiddlewareError(
      'raw_body_not_bytes',
      `req.rawBody must be the Buffer that the parser's verify callback was given: got ${typeof captured}. A decoded text may differ from the bytes that were signed.`,
    );
  }
  if (declared !== undefined && captured.length !== declared) {
    throw new ServerMiddlewareError(
      'raw_body_length_mismatch',
      `req.rawBody holds ${captured.length} bytes, but the request carries ${declared}. Capture the bytes exactly as they arrived.`,
    );
  }
  if (captured.length > limit) return REJECTIONS.body_too_large;
  return Buffer.from(captured.buffer, captured.byteOffset, captured.byteLength);
};

/**
 * Reads an unread stream to its end, within a limit of bytes and of time. A client that leaves half-way counts as late.
 * After a refusal the rest is let go by unread, so that the connection can carry the answer and the next request.
 */
export const collectBody = (message: IncomingMessage, limits: BodyLimits): Promise<Buffer | Rejection> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;

    const finish = (outcome: Buffer | Rejection) => {
      clearTimeout(timer);
      message.off('data', onData).off('end', onEnd).off('close', onLost);
      resolve(outcome);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= limits.limit) return;
      finish(REJECTIONS.body_too_large);
      message.resume();
    };
    const onEnd = () => finish(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    const onLost = () => finish(REJECTIONS.incomplete_body);

    const timer = setTimeout(onLost, limits.timeoutMs);
    // The error listener stays: a connection that breaks after a refusal must not be an uncaught error.
    message.on('data', onData).on('end', onEnd).on('close', onLost).on('error', onLost);
  });

/**
 * Parses body bytes as JSON in strict UTF-8, whatever the content type says: that header is not signed. No bytes are no
 * body: `undefined`. Contract §3 (400).
 */
export const parseJsonBody = (body: Buffer): { readonly value: unknown } | Rejection => {
  if (body.length === 0) return { value: undefined };
  if (!isUtf8(body)) return REJECTIONS.malformed_json_body;
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return REJECTIONS.malformed_json_body;
  }
};
