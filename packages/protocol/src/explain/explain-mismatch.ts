import { assertBytes, assertString, createFieldReader, createOptionReader, wrongType } from '../arguments.ts';
import { exportHmacKey, hmac } from '../crypto/node.ts';
import { isRejection } from '../rejections.ts';
import { parseRequestTarget } from '../signing/request-target.ts';
import { getHmacKey, type SigningKey } from '../signing/signing-key.ts';
import { assertSeconds, isWithinWindow, parseTimestamp, WINDOW_SECONDS } from '../signing/timestamp.ts';
import { type FindingCode, REQUEST_MISTAKES, WEBHOOK_MISTAKES } from './catalogue.ts';
import { type Finding, findMistakes, type MistakeLists } from './find-mistakes.ts';
import { readSignature } from './received-signature.ts';
import { assembleRequest, assembleWebhook, hashBodyOnce, type SigningSteps } from './signing-steps.ts';

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
  const secret = exportHmacKey(getHmacKey(key));
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

/** The codes of what can be wrong although the signature is right. */
export type ClockCode = 'timestamp_malformed' | 'timestamp_in_milliseconds' | 'timestamp_stale';

/** What is wrong with the timestamp of a request whose signature is right. Contract §1.1 and §2. */
export const findClockFault = (timestamp: string, now: number): Finding<ClockCode>[] => {
  const seconds = parseTimestamp(timestamp);
  if (seconds === undefined) {
    return [
      {
        code: 'timestamp_malformed',
        message:
          'The signature is right, but X-CPG-Timestamp is not written as Unix seconds: digits only, without sign, space, fraction or leading zero.',
      },
    ];
  }
  if (isWithinWindow(seconds, now)) return [];
  if (isWithinWindow(Math.floor(seconds / 1000), now)) {
    return [
      {
        code: 'timestamp_in_milliseconds',
        message:
          'The signature is right, but X-CPG-Timestamp carries milliseconds: send Unix seconds, Math.floor(Date.now() / 1000).',
      },
    ];
  }
  const distance = Math.abs(seconds - now);
  return [
    {
      code: 'timestamp_stale',
      message: `The signature is right, but the timestamp is ${distance} seconds ${seconds < now ? 'behind' : 'ahead of'} the server's clock, and ${WINDOW_SECONDS} are allowed: set the clock, and sign each attempt anew.`,
    },
  ];
};
