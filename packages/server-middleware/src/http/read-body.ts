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

/** A request, perhaps with the bytes that a parser captured. */
export type MessageWithRawBody = IncomingMessage & { readonly rawBody?: unknown };

const NO_BODY = Buffer.alloc(0);

/**
 * Returns the body of a Node request as the bytes on the wire: from the stream, or from `rawBody` when a parser in front
 * captured them. A body that was read and not captured is an error, never an empty body: a signature over no body would be
 * valid for any. A declared length over the limit is rejected before a byte is read. Wire protocol §1.2.
 *
 * @throws ServerMiddlewareError `body_already_parsed`, `raw_body_not_bytes`, `raw_body_length_mismatch`
 */
export const readBody = (
  message: MessageWithRawBody,
  limits: BodyLimits,
): Buffer | Rejection | Promise<Buffer | Rejection> => {
  const declared = getDeclaredLength(message);
  if (declared !== undefined && declared > limits.limit) return REJECTIONS.body_too_large;
  if (message.rawBody !== undefined) return takeCaptured(message.rawBody, declared, limits.limit);
  if (declared === 0) return NO_BODY;
  if (message.readableDidRead || message.readableEnded) {
    throw new ServerMiddlewareError(
      'body_already_parsed',
      'A body parser read the request before cpgAuth and kept no raw bytes. Mount cpgAuth before express.json(), or capture the bytes: express.json({ verify: captureRawBody }).',
    );
  }
  return collectBody(message, limits);
};

/** The declared length in bytes; `undefined` for chunked bodies, and in HTTP/2 without Content-Length. */
const getDeclaredLength = ({ headers, httpVersionMajor }: IncomingMessage): number | undefined => {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  return httpVersionMajor >= 2 ? undefined : 0;
};

const takeCaptured = (captured: unknown, declared: number | undefined, limit: number): Buffer | Rejection => {
  if (!(captured instanceof Uint8Array)) {
    throw new ServerMiddlewareError(
      'raw_body_not_bytes',
      `req.rawBody must be the Buffer that the parser passed to its verify callback: got ${typeof captured}. A decoded string can differ from the bytes that were signed.`,
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
 * Reads a stream to its end, within a limit of bytes and of time. A client that disconnects counts as late. After a
 * rejection the rest is discarded, so that the connection can carry the response and the next request.
 */
const collectBody = (message: IncomingMessage, limits: BodyLimits): Promise<Buffer | Rejection> =>
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
    // The error listener stays: a connection that breaks after a rejection must not be an uncaught error.
    message.on('data', onData).on('end', onEnd).on('close', onLost).on('error', onLost);
  });

/**
 * Parses body bytes as JSON in strict UTF-8. The content type is ignored, since it is not signed. An empty body is
 * `undefined`. Wire protocol §3 (400).
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
