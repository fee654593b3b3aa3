import { AUTHENTICATION_HEADERS } from '@cpg/protocol';
import type { Checker } from '../core/checker.ts';
import { nearMiss } from '../core/near-miss.ts';
import { canonicalOf, signatureOf } from '../core/oracle.ts';
import { valuesOf } from '../wire/http-message.ts';
import type { CapturedRequest } from './captured-request.ts';
import { expectFramed } from './expect-framed.ts';

export interface Credentials {
  readonly keyId: string;
  readonly secret: string;
}

/** What the client's clock showed: Unix seconds, and how far it was moved by waiting. */
export interface ClockReading {
  /** @default the present moment */
  readonly now?: number | undefined;
  readonly elapsed?: number | undefined;
}

/** How far, in seconds, a client's timestamp may run ahead so as not to repeat a signature. Contract §6.3. */
export const STEPPED_AHEAD = 30;

const ORIGIN_FORM = /^\/(?!\/)[!-"$-[\]-~]*$/;

const UNTOUCHED = 'Build the target and the body first, sign those, and hand them over untouched.';

const expectSignature = (check: Checker, request: CapturedRequest, { secret }: Credentials): void => {
  const { signature } = request;
  const canonical = canonicalOf(request);
  const isRight = signatureOf(secret, canonical) === signature;
  check.that(isRight, {
    what: 'signature over the captured bytes',
    expected: 'the HMAC-SHA256 of the canonical string below',
    actual: 'another one',
    canonical: { expected: canonical },
    hint: (isRight ? undefined : nearMiss({ secret, signature, request })) ?? UNTOUCHED,
  });
};

/** Everything a server would check: target form, headers, timestamp near `now`, framing, and the signature over the captured bytes. */
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
    check.equal(`number of ${name} headers`, { expected: 1, actual: valuesOf(message, name).length });
  check.equal('X-CPG-Key', { expected: keyId, actual: request.keyId });
  check.that(/^(?:0|[1-9][0-9]{0,14})$/.test(timestamp), {
    what: 'X-CPG-Timestamp',
    expected: 'whole Unix seconds',
    actual: timestamp,
  });
  const ahead = Number(timestamp) - now;
  check.that(ahead >= -5 && ahead <= elapsed + STEPPED_AHEAD + 1, {
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
  const encodings = valuesOf(message, 'content-encoding').join();
  check.that(encodings === '' || encodings === 'identity', {
    what: 'Content-Encoding',
    expected: 'none: the hash is over the bytes on the wire',
    actual: encodings,
  });
};
