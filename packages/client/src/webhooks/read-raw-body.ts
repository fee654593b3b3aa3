import type { IncomingMessage } from 'node:http';
import { CpgError } from '../errors/cpg-error.ts';
import { isUint8Array } from '../platform.ts';

/** A request of node:http or Express, with what body parsers may have put on it. */
export type WebhookRequest = IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown };

/** The body is longer than the limit. */
export const TOO_LARGE = Symbol('too large');

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
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) return TOO_LARGE;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
