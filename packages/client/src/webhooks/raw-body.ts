import type { IncomingMessage } from 'node:http';
import { CpgError } from '../errors.ts';
import { asBytes } from '../platform.ts';

/** Returned for a body above the limit. */
export const TOO_LARGE = Symbol('too large');

const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const MIN_CAPACITY = 4_096;
// As nginx: lingering_timeout, and lingering_time as a number of those.
const MAX_IDLE_MS = 5_000;
const MAX_IDLE_CHECKS = 6;

/** What the server and its body parsers hold of a request. */
export interface UnreadBody {
  readonly message: IncomingMessage;
  /** The values in which body parsers and platforms keep the body, in order of preference. */
  readonly kept: readonly unknown[];
}

/**
 * The received bytes of a body: those kept by a body parser or the platform, otherwise read from the stream.
 * A string is the text of the bytes in UTF-8.
 *
 * @throws CpgError `invalid_configuration` if a parser has consumed the stream.
 */
export const readRawBody = async (
  { message, kept }: UnreadBody,
  limit: number,
): Promise<Buffer | typeof TOO_LARGE> => {
  const isConsumed = message.readableDidRead || message.readableEnded;
  for (const value of kept) {
    // An unread stream beside an empty string is a default value of the platform.
    if (value === '' && !isConsumed) continue;
    const bytes = typeof value === 'string' ? Buffer.from(value) : asBytes(value);
    if (bytes !== undefined) return bytes.length > limit ? TOO_LARGE : Buffer.from(bytes);
  }
  if (isConsumed) {
    throw new CpgError(
      'invalid_configuration',
      'The webhook body was parsed before its signature could be checked. Fix: in Express, mount webhooks.receiver() before express.json(), or use express.raw({ type: "*/*" }) on its route; in Fastify, keep the bytes with addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => done(null, body)).',
    );
  }
  return new Promise((resolve, reject) => {
    // One buffer that grows by doubling: tiny chunks must not cost memory each.
    let bytes = Buffer.alloc(MIN_CAPACITY);
    let length = 0;
    // Keeps reading after the limit, to drain and count the rest.
    message.on('data', (chunk: Buffer) => {
      const start = length;
      length += chunk.length;
      if (length > limit + MAX_DRAINED_BYTES) message.socket.destroy();
      if (length > limit) return resolve(TOO_LARGE);
      if (length > bytes.length) bytes = Buffer.concat([bytes], Math.max(length, 2 * bytes.length));
      bytes.set(chunk, start);
    });
    message.once('end', () => resolve(bytes.subarray(0, length))).once('error', reject);
  });
};

/**
 * Makes sure the response to an oversized body reaches the sender. Closing a socket with unread bytes would
 * reset the connection, so this ends the sending direction first and closes after the rest was received, after
 * five seconds without a byte, or after thirty seconds.
 */
export const lingerAfterResponse = (request: IncomingMessage): void => {
  const { socket } = request;
  // Adapters that emulate node:http (serverless, tests) manage the connection themselves.
  if (typeof socket?.destroySoon !== 'function') return;
  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls it after writing the last response of a connection.
  socket.destroySoon = () => {
    if (request.complete) return destroySoon();
    socket.end();
    let checks = 0;
    let received = socket.bytesRead;
    const timer = setInterval(() => {
      // After a stall of the process, timers run before what has arrived is read.
      setImmediate(() => {
        checks += 1;
        if (socket.bytesRead === received || checks === MAX_IDLE_CHECKS) socket.destroy();
        received = socket.bytesRead;
      });
    }, MAX_IDLE_MS);
    socket.once('close', () => clearInterval(timer)).once('end', destroySoon);
    request.once('end', destroySoon);
  };
};
