import type { IncomingMessage } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import type { BodyLimits } from './read-body.ts';

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
