import type { IncomingMessage } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { ServerMiddlewareError } from '../errors.ts';
import { type BodyBytes, BodyCollector, type BodyLimits, NO_BODY, toBuffer } from './body-collector.ts';
import { CHUNKS_A_TURN } from './drain-unread-body.ts';

export type { BodyLimits };

/**
 * A request of `node:http`, perhaps with the bytes that a parser captured. It names the members by which a request is known,
 * since a program may be compiled without the types of Node.js.
 */
export interface MessageWithRawBody {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly httpVersionMajor: number;
  readonly rawBody?: unknown;
}

/**
 * Returns the body of a Node request as the bytes on the wire: from the stream, or from `rawBody` when a parser in front
 * captured them. A body that was read and not captured is an error, never an empty body: a signature over no body would be
 * valid for any. A declared length over the limit is rejected before a byte is read. Wire protocol §1.2.
 *
 * It leaves the stream unread: afterwards the message is readable as if it had just arrived, with the whole body in its buffer
 * as one chunk, and the same `Buffer` is returned. So `req.pipe`, `for await`, `fetch(url, { body: req })`, multipart parsers,
 * proxies and a second `readBody` get the bytes that were returned. A body that no handler reads is discarded by Node after
 * the response, as always. Only a body that came from `rawBody` stays read.
 *
 * @throws ServerMiddlewareError `body_already_parsed`, `raw_body_not_bytes`, `raw_body_length_mismatch`,
 * `pending_bodies_full`
 */
export const readBody = (
  received: MessageWithRawBody,
  limits: BodyLimits,
): BodyBytes | Rejection | Promise<BodyBytes | Rejection> => {
  const message = received as IncomingMessage & MessageWithRawBody;
  const declared = getDeclaredLength(message);
  if (declared !== undefined && declared > limits.limit) return REJECTIONS.body_too_large;
  if (message.rawBody !== undefined) return takeCaptured(message.rawBody, declared, limits);
  if (declared === 0) return NO_BODY;
  // A stream with an encoding buffers text, from which the bytes cannot be restored.
  const isDecoded = message.readableEncoding !== null && message.readableLength > 0;
  if (message.readableDidRead || message.readableEnded || isDecoded) {
    throw new ServerMiddlewareError(
      'body_already_parsed',
      'A body parser read the request before cpgAuth and kept no raw bytes. Mount cpgAuth before express.json(), or capture the bytes: express.json({ verify: captureRawBody }).',
    );
  }
  if (message.destroyed) return REJECTIONS.incomplete_body;
  const collector = new BodyCollector(limits, declared);
  const rejection = peek(message, collector);
  if (rejection !== undefined) return rejection;
  return getState(message).ended ? collector.take() : collectRest(message, limits, collector);
};

/** The declared length in bytes; `undefined` for chunked bodies, and in HTTP/2 without Content-Length. */
const getDeclaredLength = ({ headers, httpVersionMajor }: IncomingMessage): number | undefined => {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  return httpVersionMajor >= 2 ? undefined : 0;
};

const takeCaptured = (
  captured: unknown,
  declared: number | undefined,
  { limit, pending }: BodyLimits,
): Buffer | Rejection => {
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
  pending?.hold(captured.length);
  return toBuffer(captured);
};

/** The state of a stream, which has no public name; the same in Node.js 20 to 26, and in `readable-stream`. */
interface StreamState {
  /** Whether all chunks have arrived, read or not. */
  readonly ended: boolean;
  /** Whether a chunk was taken; `fetch` rejects a body from which one was. */
  dataEmitted: boolean;
}

const getState = (message: IncomingMessage): StreamState =>
  (message as unknown as { readonly _readableState: StreamState })._readableState;

/** Collects what arrived while middleware in front was waiting, and leaves it in the stream, as one chunk. */
const peek = (message: IncomingMessage, collector: BodyCollector): Rejection | undefined => {
  if (message.readableLength === 0) return undefined;
  const chunks: Buffer[] = [];
  // Node.js 26 returns one chunk at a time.
  while (message.readableLength > 0) chunks.push(message.read());
  const arrived = Buffer.concat(chunks);
  // In the same tick, so that a stream that has ended does not emit "end".
  message.unshift(arrived);
  markUnread(message);
  return collector.add(arrived);
};

const markUnread = (message: IncomingMessage): void => {
  getState(message).dataEmitted = false;
  // Node discards a body after the response unless reading it has begun.
  if ('_consuming' in message) message._consuming = false;
};

// Not imported: workers of Cloudflare, which have no such messages, may not have the module.
const http = process.getBuiltinModule('node:http');

const TAP = Symbol('tap');

/** Where the chunks of a message go: to readBody while it collects them, then into the stream. */
interface Tap {
  push: (chunk: unknown, encoding?: BufferEncoding) => boolean;
}
type TappedMessage = IncomingMessage & { [TAP]?: Tap };

// The same function for all messages: one of its own for each costs 10 % of a request, since V8 optimizes calls of `push`.
function pushToTap(this: TappedMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
  return (this[TAP] as Tap).push(chunk, encoding);
}

/**
 * Waits for the rest of a body, within a limit of bytes and of time. A client that disconnects counts as late. Chunks do not
 * enter the stream until all have arrived, and then as one: this costs no memory for each chunk, and nothing is read that
 * another reader would miss. After a rejection the rest is discarded, so that the connection can carry the response and the
 * next request.
 */
const collectRest = (
  message: TappedMessage,
  limits: BodyLimits,
  collector: BodyCollector,
): Promise<Buffer | Rejection> =>
  new Promise((resolve, reject) => {
    const { push } = message;
    const stream: Tap = message[TAP] ?? { push: (chunk, encoding) => push.call(message, chunk, encoding) };
    const inStream = collector.length;
    // Node's parser adds chunks whether they are read or not. Other streams wait for _read, and so does 100 Continue.
    const isPulled = message._read !== http.IncomingMessage.prototype._read;
    let chunks = 0;
    let isReading = false;
    let hasRead = inStream > 0;
    let isDone = false;
    let timer: NodeJS.Timeout | undefined;

    const read = () => {
      isReading = false;
      if (isDone) return;
      hasRead = true;
      message._read(message.readableHighWaterMark);
    };
    const wait = () => {
      if (isDone) return;
      timer = setTimeout(onLost, limits.timeoutMs);
      message.on('close', onLost);
      // Its "close" event may be over.
      if (message.destroyed) onLost();
    };
    const stop = () => {
      isDone = true;
      tap.push = stream.push;
      message.off('error', onLost);
      if (timer === undefined) return;
      clearTimeout(timer);
      message.off('close', onLost);
    };
    const discard = (settle: () => void) => {
      stop();
      // A connection that breaks after a rejection must not be an uncaught error.
      message.on('error', () => {});
      message.resume();
      settle();
    };
    const onLost = () => discard(() => resolve(REJECTIONS.incomplete_body));
    const onChunk = (chunk: Uint8Array) => {
      const rejection = collector.add(chunk);
      chunks += 1;
      if (rejection !== undefined) discard(() => resolve(rejection));
      else if (!isReading && (isPulled || chunks % CHUNKS_A_TURN === 0)) {
        isReading = true;
        if (isPulled) process.nextTick(read);
        else setImmediate(read);
      }
    };
    const onEnd = () => {
      stop();
      const body = collector.take();
      if (body.length > inStream) message.push(body.subarray(inStream));
      message.push(null);
      if (hasRead) markUnread(message);
      resolve(body);
    };

    message.on('error', onLost);
    // Most bodies arrive with the head, and then need no timer.
    setImmediate(wait);
    const collect: Tap['push'] = (chunk, encoding) => {
      try {
        if (chunk !== null)
          onChunk(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Uint8Array));
        else onEnd();
      } catch (error) {
        discard(() => reject(error));
      }
      // Node's parser stops reading the socket until the next read.
      return isPulled || !isReading;
    };
    const tap: Tap = { push: collect };
    message[TAP] = tap;
    message.push = pushToTap;
    if (isPulled) read();
  });
