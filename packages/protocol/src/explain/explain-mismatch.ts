import { assertBytes } from '../bytes.ts';
import { isRejection } from '../rejection.ts';
import { parseRequestTarget } from '../request-target.ts';
import { keyObjectOf, type SigningKey } from '../signing-key.ts';
import { findClockFault } from './clock-finding.ts';
import { findMistakes, type MistakeLists } from './find-mistakes.ts';
import type { Finding } from './mistake.ts';
import { type FindingCode, REQUEST_MISTAKES, WEBHOOK_MISTAKES } from './mistakes.ts';
import { readSignature } from './received-signature.ts';
import { assembleRequest, assembleWebhook, hashBodyOnce, hmac, type SigningSteps } from './signing-steps.ts';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** The request target as it stands on the wire. */
  readonly target: string;
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** The body bytes as they arrived; leave out when there is none. */
  readonly body?: Uint8Array | undefined;
  /** The `X-CPG-Key` header; lets mistakes with the key id be found. */
  readonly keyId?: string | undefined;
  /** The `Host` header; lets signed URLs be found. */
  readonly host?: string | undefined;
}

/** A webhook as it arrived. */
export interface ReceivedWebhook {
  readonly body: Uint8Array;
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** The target that it was delivered to; lets a webhook signed like a request be found. */
  readonly target?: string | undefined;
}

interface Explanation {
  /** The key that should have been used. */
  readonly key: SigningKey;
  /** The `X-CPG-Signature` header. */
  readonly signature: string;
  /** The receiver's clock in Unix seconds; lets a right signature with a wrong timestamp be explained too. */
  readonly now?: number | undefined;
  /** Also tries every two mistakes together, which takes some hundred milliseconds. Off by default. */
  readonly combinations?: boolean | undefined;
}

/** A request whose signature is not the expected one. */
export interface MismatchToExplain extends Explanation {
  readonly request: ReceivedRequest;
}

/** A webhook whose signature is not the expected one. */
export interface WebhookMismatchToExplain extends Explanation {
  readonly webhook: ReceivedWebhook;
}

/**
 * Says why a request's signature is not the expected one: tries the mistakes that people make and returns those that,
 * made together, produce exactly the received signature; nearly always one. Empty when the signature is right, or when no
 * known mistake reproduces it: nothing is ever guessed. Takes some ten milliseconds when it finds nothing, so limit how
 * often a peer can cause it. For the server's own log or a developer's terminal, never for an
 * answer; findings hold neither the secret nor a signature. Contract §1.
 *
 * @throws ProtocolError `invalid_secret` or `invalid_body` for what is no key or no bytes.
 */
export const explainMismatch = (mismatch: MismatchToExplain): Finding<FindingCode>[] => {
  const { request } = mismatch;
  const steps = stepsOf(mismatch.key, request.target, request.body ?? Buffer.alloc(0));
  if (steps === undefined) return [];
  const { timestamp, method, keyId, host } = request;
  const correct = { ...steps, timestamp, method, keyId, host, assemble: assembleRequest };
  return explain(mismatch, correct, REQUEST_MISTAKES);
};

/** Does for a webhook what {@link explainMismatch} does for a request. Contract §5. */
export const explainWebhookMismatch = (mismatch: WebhookMismatchToExplain): Finding<FindingCode>[] => {
  const { timestamp, body, target = '/' } = mismatch.webhook;
  const steps = stepsOf(mismatch.key, target, body);
  if (steps === undefined) return [];
  return explain(mismatch, { ...steps, timestamp, assemble: assembleWebhook }, WEBHOOK_MISTAKES);
};

const stepsOf = (key: SigningKey, target: string, body: Uint8Array): SigningSteps | undefined => {
  assertBytes(body);
  const secret = keyObjectOf(key).export();
  const parsed = parseRequestTarget(target);
  if (isRejection(parsed)) return undefined;
  return {
    ...parsed,
    timestamp: '',
    method: 'POST',
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    hashBody: hashBodyOnce(),
    assemble: assembleRequest,
    key: secret,
    mac: hmac('sha256'),
  };
};

const explain = <Code extends FindingCode>(
  { signature, now, combinations = false }: Explanation,
  correct: SigningSteps,
  mistakes: MistakeLists<Code>,
): Finding<FindingCode>[] => {
  for (const received of readSignature(signature)) {
    const made = findMistakes({ correct, mistakes, received }, combinations);
    if (made === undefined) continue;
    const findings = [...made, ...received.findings];
    return findings.length > 0 || now === undefined ? findings : findClockFault(correct.timestamp, now);
  }
  return [];
};
