import type { IncomingMessage } from 'node:http';
import { createMask, maskHeaderValue } from '../secret-masks.ts';

const MAX_HEAD_CHARACTERS = 2_048;
const MAX_BODY_BYTES = 2_048;
// The outcome is known with the head: a slow body must not keep the slot of an attempt.
const MAX_BODY_WAIT_MS = 200;

/** The start of a response, for the delivery log. It is text of a third party, without secrets. */
export interface ResponseExcerpt {
  /** Status line and headers, at most 2,048 characters. */
  readonly head: string;
  /** At most 2,048 bytes, as far as they arrived within 200 ms after the head. */
  readonly body: string;
  /** Whether the body was longer. */
  readonly isCut: boolean;
}

// PostgreSQL has no text with this character.
const replaceNul = (text: string): string => text.replaceAll('\0', '\ufffd');

const formatHead = ({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): string => {
  let head = `HTTP/${httpVersion} ${statusCode} ${statusMessage}`.trimEnd();
  for (let index = 0; index < rawHeaders.length && head.length < MAX_HEAD_CHARACTERS; index += 2) {
    const name = rawHeaders[index] ?? '';
    head += `\n${name}: ${maskHeaderValue(name, rawHeaders[index + 1] ?? '')}`;
  }
  return head.length > MAX_HEAD_CHARACTERS ? `${head.slice(0, MAX_HEAD_CHARACTERS)}…` : head;
};

const readBody = (chunks: readonly Buffer[], isCut: boolean): string => {
  if (chunks.length === 0) return '';
  const bytes = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES);
  // Not a character that the cut goes through.
  return new TextDecoder().decode(bytes, { stream: isCut });
};

/**
 * Reads the start of a response and closes the connection. Never rejects, and takes at most 200 ms.
 *
 * @param signature - The signature of the request, which the response may repeat: it is masked.
 */
export const readExcerpt = (response: IncomingMessage, signature: string | undefined) =>
  new Promise<ResponseExcerpt>((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      const isCut = !response.complete || length > MAX_BODY_BYTES;
      response.destroy();
      const mask = createMask(signature);
      resolve({
        head: replaceNul(mask(formatHead(response), true)),
        body: replaceNul(mask(readBody(chunks, isCut), isCut)),
        isCut,
      });
    };
    const timer = setTimeout(finish, MAX_BODY_WAIT_MS);
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BODY_BYTES) finish();
    });
    response.on('error', finish);
    response.on('close', finish);
    response.on('end', finish);
  });
