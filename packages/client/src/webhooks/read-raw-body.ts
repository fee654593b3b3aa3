import type { IncomingMessage } from 'node:http';
import { CpgError } from '../errors/cpg-error.ts';
import { isUint8Array } from '../platform.ts';

/** A request of node:http or Express, with what body parsers may have put on it. */
export type WebhookRequest = IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown };

/** The body is longer than the limit. */
export const TOO_LARGE = Symbol('too large');

const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const MAX_LINGER_MS = 5_000;

/**
 * The bytes of a body as they arrived: those that `express.raw()` or a platform kept, else read from the stream.
 *
 * @throws CpgError `invalid_configuration` when a parser has consumed them.
 */
export const readRawBody = async (
  request: WebhookRequest,
  limit: number,
): Promise<Buffer | typeof TOO_LARGE> => {
  const kept = [request.rawBody, request.body].find(isUint8Array);
  if (kept !== undefined) return kept.length > limit ? TOO_LARGE : Buffer.from(kept);
  if (request.readableDidRead || request.readableEnded) {
    throw new CpgError(
      'invalid_configuration',
      'The webhook body was parsed before its signature could be checked: mount webhookReceiver before express.json(), or put express.raw({ type: "*/*" }) on its route.',
    );
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // Stays on after the limit, so that the rest goes by and is counted.
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else resolve(TOO_LARGE);
      if (length > limit + MAX_DRAINED_BYTES) request.socket.destroy();
    });
    request.once('end', () => resolve(Buffer.concat(chunks))).once('error', reject);
  });
};

/**
 * Lets the response of a body that is too large reach its sender. Closing a socket with unread bytes would reset the
 * connection: this ends the receiver's direction, and closes when the rest has gone by, or after five seconds.
 */
export const lingerAfterResponse = (request: IncomingMessage): void => {
  const { socket } = request;
  // An adapter that imitates node:http (serverless, tests) owns the transport.
  if (typeof socket?.destroySoon !== 'function') return;
  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls it when the last response of a connection has been written.
  socket.destroySoon = () => {
    if (request.complete) return destroySoon();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), MAX_LINGER_MS);
    socket.once('close', () => clearTimeout(timer)).once('end', destroySoon);
    request.once('end', destroySoon);
  };
};
