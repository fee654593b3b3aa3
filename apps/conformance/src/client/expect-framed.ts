import type { Checker } from '../core/checker.ts';
import { valuesOf } from '../wire/http-message.ts';
import type { CapturedRequest } from './captured-request.ts';

/** The length of the body is said once, and is right. Bytes beyond it are a fault of the capture. */
export const expectFramed = (check: Checker, { body, message }: CapturedRequest): void => {
  const lengths = valuesOf(message, 'content-length');
  const codings = valuesOf(message, 'transfer-encoding');
  check.that(lengths.length + codings.length <= 1, {
    what: 'framing of the body',
    expected: 'one Content-Length, or Transfer-Encoding: chunked',
    actual: [...lengths.map((length) => `Content-Length: ${length}`), ...codings].join(', '),
  });
  const [length = String(body.length)] = lengths;
  check.equal('Content-Length', { expected: String(body.length), actual: length });
};
