import { assertString, createFieldReader, createOptionReader, wrongType } from '../arguments.ts';
import { assertBytes } from '../bytes.ts';
import { isRejection } from '../rejection.ts';
import { parseRequestTarget } from '../request-target.ts';
import { keyObjectOf, type SigningKey } from '../signing-key.ts';
import { assertSeconds } from '../timestamp.ts';
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
 * @throws ProtocolError `invalid_secret` or `invalid_body` for what is no key or no bytes, `invalid_timestamp` when `now` is
 * not whole seconds, `invalid_option` for a misspelt field, and `invalid_field` for any other value of the wrong type.
 */
export const explainMismatch = (mismatch: MismatchToExplain): Finding<FindingCode>[] => {
  const explanation = readMismatch(mismatch);
  const { target, body, timestamp, method, keyId, host } = readRequest(explanation.request);
  assertString(timestamp, 'timestamp');
  assertString(method, 'method');
  if (keyId !== undefined) assertString(keyId, 'keyId');
  if (host !== undefined) assertString(host, 'host');
  const steps = stepsOf(explanation, target, body ?? Buffer.alloc(0));
  if (steps === undefined) return [];
  const correct = { ...steps, timestamp, method, keyId, host, assemble: assembleRequest };
  return explain(explanation, correct, REQUEST_MISTAKES);
};

/** Does for a webhook what {@link explainMismatch} does for a request. Contract §5. */
export const explainWebhookMismatch = (mismatch: WebhookMismatchToExplain): Finding<FindingCode>[] => {
  const explanation = readWebhookMismatch(mismatch);
  const { timestamp, body, target = '/' } = readWebhook(explanation.webhook);
  assertString(timestamp, 'timestamp');
  const steps = stepsOf(explanation, target, body);
  if (steps === undefined) return [];
  return explain(explanation, { ...steps, timestamp, assemble: assembleWebhook }, WEBHOOK_MISTAKES);
};

const readMismatch = createOptionReader<MismatchToExplain>(
  'The mismatch to explain',
  ({ key, signature, now, combinations, request }) => ({ key, signature, now, combinations, request }),
);

const readWebhookMismatch = createOptionReader<WebhookMismatchToExplain>(
  'The mismatch to explain',
  ({ key, signature, now, combinations, webhook }) => ({ key, signature, now, combinations, webhook }),
);

// What was received may have more fields than are needed here.
const readRequest = createFieldReader<ReceivedRequest>(
  'request',
  ({ method, target, timestamp, body, keyId, host }) => ({ method, target, timestamp, body, keyId, host }),
);

const readWebhook = createFieldReader<ReceivedWebhook>('webhook', ({ body, timestamp, target }) => ({
  body,
  timestamp,
  target,
}));

const stepsOf = (
  { key, signature, now, combinations = false }: Explanation,
  target: string,
  body: Uint8Array,
): SigningSteps | undefined => {
  assertString(target, 'target');
  assertString(signature, 'signature');
  if (now !== undefined) assertSeconds(now, 'now');
  if (typeof combinations !== 'boolean') {
    throw wrongType('combinations', combinations, { expected: 'a boolean' });
  }
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
