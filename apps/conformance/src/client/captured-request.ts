import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { type HttpMessage, valuesOf } from '../wire/http-message.ts';

/** A captured request, taken apart without changing a byte. */
export interface CapturedRequest {
  readonly method: string;
  /** The request target, byte for byte, as latin1 text. */
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
  /** The first value of each header; `''` when it is missing. */
  readonly keyId: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly message: HttpMessage;
}

/** Splits the request line at its first and its last space. */
export const parseCaptured = (message: HttpMessage): CapturedRequest => {
  const { startLine, body } = message;
  const first = startLine.indexOf(' ');
  const last = startLine.lastIndexOf(' ');
  if (first < 1 || last <= first || !/^ HTTP\/1\.[01]$/.test(startLine.slice(last)))
    throw new Error(`not a request line: ${JSON.stringify(startLine)}`);
  const target = startLine.slice(first + 1, last);
  const mark = target.indexOf('?');
  return {
    method: startLine.slice(0, first),
    target,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    body,
    keyId: valuesOf(message, KEY_HEADER)[0] ?? '',
    timestamp: valuesOf(message, TIMESTAMP_HEADER)[0] ?? '',
    signature: valuesOf(message, SIGNATURE_HEADER)[0] ?? '',
    message,
  };
};
