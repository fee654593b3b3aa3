import { AUTHENTICATION_HEADERS, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { scaleDeadline } from '../core/case-scope.ts';
import type { Checker } from '../core/checker.ts';
import { computeSignature, createCanonicalString, findKnownMistake } from '../core/expected-signature.ts';
import { getHeaderValues, type HttpMessage } from '../wire/http-message.ts';

/** A parsed request, byte for byte. */
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
    keyId: getHeaderValues(message, KEY_HEADER)[0] ?? '',
    timestamp: getHeaderValues(message, TIMESTAMP_HEADER)[0] ?? '',
    signature: getHeaderValues(message, SIGNATURE_HEADER)[0] ?? '',
    message,
  };
};

/** Expects one framing header with the correct length. The capture server reports extra bytes. */
const expectFramed = (check: Checker, { body, message }: CapturedRequest): void => {
  const lengths = getHeaderValues(message, 'content-length');
  const codings = getHeaderValues(message, 'transfer-encoding');
  check.that(lengths.length + codings.length <= 1, {
    what: 'framing of the body',
    expected: 'one Content-Length, or Transfer-Encoding: chunked',
    actual: [...lengths.map((length) => `Content-Length: ${length}`), ...codings].join(', '),
  });
  const [length = String(body.length)] = lengths;
  check.equal('Content-Length', { expected: String(body.length), actual: length });
};

export interface Credentials {
  readonly keyId: string;
  readonly secret: string;
}

/** The client's clock in Unix seconds, and how far waiting has moved it. */
export interface ClockReading {
  /** @default the current time */
  readonly now?: number | undefined;
  readonly elapsed?: number | undefined;
}

/**
 * How far, in seconds, a client's timestamp may run ahead to avoid a repeated signature. Wire protocol §6.3.
 */
export const STEPPED_AHEAD = 30;

/** The check comes some time after the request. */
const MAX_SECONDS_BEHIND = 5;

const ORIGIN_FORM = /^\/(?!\/)[!-"$-[\]-~]*$/;

const UNTOUCHED = 'Build the target and the body first, sign them, and send them unchanged.';

const expectSignature = (check: Checker, request: CapturedRequest, { secret }: Credentials): void => {
  const { signature } = request;
  const canonical = createCanonicalString(request);
  const isRight = computeSignature(secret, canonical) === signature;
  check.that(isRight, {
    what: 'signature over the captured bytes',
    expected: 'the HMAC-SHA256 of the canonical string below',
    actual: 'another one',
    canonical: { expected: canonical },
    hint: (isRight ? undefined : findKnownMistake({ secret, signature, request })) ?? UNTOUCHED,
  });
};

/**
 * Checks what a server checks: target form, headers, timestamp near `now`, framing, and the signature over
 * the captured bytes.
 */
export const expectSigned = (
  check: Checker,
  request: CapturedRequest,
  { keyId, secret, now = Date.now() / 1000, elapsed = 0 }: Credentials & ClockReading,
): void => {
  const { method, target, timestamp, signature, message } = request;
  check.that(ORIGIN_FORM.test(target), {
    what: 'request target',
    expected: 'origin form: visible ASCII without # and \\, one / at the start',
    actual: target,
  });
  check.equal('method', { expected: method.toUpperCase(), actual: method });
  for (const name of AUTHENTICATION_HEADERS)
    check.equal(`number of ${name} headers`, { expected: 1, actual: getHeaderValues(message, name).length });
  check.equal('X-CPG-Key', { expected: keyId, actual: request.keyId });
  check.that(/^(?:0|[1-9][0-9]{0,14})$/.test(timestamp), {
    what: 'X-CPG-Timestamp',
    expected: 'whole Unix seconds',
    actual: timestamp,
  });
  const ahead = Number(timestamp) - now;
  check.that(ahead >= -scaleDeadline(MAX_SECONDS_BEHIND) && ahead <= elapsed + STEPPED_AHEAD + 1, {
    what: 'X-CPG-Timestamp',
    expected: `about ${Math.floor(now)}, at most ${STEPPED_AHEAD} s ahead`,
    actual: timestamp,
    hint: 'Milliseconds have three digits too many.',
  });
  check.that(/^[0-9a-f]{64}$/.test(signature), {
    what: 'X-CPG-Signature',
    expected: '64 lower-case hex digits',
    actual: signature,
  });
  expectFramed(check, request);
  expectSignature(check, request, { keyId, secret });
  const encodings = getHeaderValues(message, 'content-encoding').join();
  check.that(encodings === '' || encodings === 'identity', {
    what: 'Content-Encoding',
    expected: 'none: the hash is over the bytes on the wire',
    actual: encodings,
  });
};
