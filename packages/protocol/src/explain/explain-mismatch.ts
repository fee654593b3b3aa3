import { assertBytes, assertString, createFieldReader, createOptionReader, wrongType } from '../arguments.ts';
import { exportHmacKey, hmac } from '../crypto/node.ts';
import { isRejection } from '../rejections.ts';
import { parseRequestTarget } from '../signing/request-target.ts';
import { getHmacKey, type SigningKey } from '../signing/signing-key.ts';
import { assertSeconds, isWithinWindow, parseTimestamp, WINDOW_SECONDS } from '../signing/timestamp.ts';
import { type FindingCode, REQUEST_MISTAKES, WEBHOOK_MISTAKES } from './catalogue.ts';
import { type Finding, findMistakes, type MistakeLists } from './find-mistakes.ts';
import { readForwarded } from './proxy-mistakes.ts';
import { readSignature } from './received-signature.ts';
import { assembleRequest, assembleWebhook, hashBodyOnce, type SigningSteps } from './signing-steps.ts';

/** A request as received. */
export interface ReceivedRequest {
  readonly method: string;
  /** The request target exactly as on the wire. */
  readonly target: string;
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** The body bytes as received; omit when there is no body. */
  readonly body?: Uint8Array | undefined;
  /** The `X-CPG-Key` header; needed to find mistakes with the key id. */
  readonly keyId?: string | undefined;
  /** The `Host` header; needed to find signed URLs. */
  readonly host?: string | undefined;
  /**
   * All headers, names and values in turn as in Node's `rawHeaders`: proxies report the original host, prefix and target
   * there, such as `X-Forwarded-Prefix` and `X-Original-URI`.
   */
  readonly rawHeaders?: readonly string[] | undefined;
}

/** A webhook as received. */
export interface ReceivedWebhook {
  readonly body: Uint8Array;
  /** The `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** The target of the delivery; needed to find a webhook that was signed like a request. */
  readonly target?: string | undefined;
}

interface Explanation {
  /** The key that should have made the signature. */
  readonly key: SigningKey;
  /** The `X-CPG-Signature` header. */
  readonly signature: string;
  /** The receiver's clock in Unix seconds; needed to explain a correct signature with a wrong timestamp. */
  readonly now?: number | undefined;
  /** Also try every pair of mistakes, which takes some hundred milliseconds. @default false */
  readonly combinations?: boolean | undefined;
}

/** A request with an unexpected signature. */
export interface MismatchToExplain extends Explanation {
  readonly request: ReceivedRequest;
}

/** A webhook with an unexpected signature. */
export interface WebhookMismatchToExplain extends Explanation {
  readonly webhook: ReceivedWebhook;
}

/**
 * Explains why a request's signature is not the expected one: tries common mistakes and returns those that
 * together reproduce exactly the received signature, nearly always one. Empty when the signature is correct
 * or matches no known mistake; nothing is guessed. Without a match it takes some ten milliseconds: limit how
 * often a peer can cause that. Use the findings in a server's log or a developer's terminal, never in a
 * response. They contain neither the secret nor a signature. Wire protocol §1.
 *
 * @throws ProtocolError `invalid_secret` for a key not made by `createSigningKey`; `invalid_body` when the
 * body is not bytes; `invalid_timestamp` when `now` is not whole seconds; `invalid_option` for an unknown
 * field; `invalid_field` for any other value of the wrong type.
 */
export const explainMismatch = (mismatch: MismatchToExplain): Finding<FindingCode>[] => {
  const explanation = readMismatch(mismatch);
  const { target, body, timestamp, method, keyId, host, rawHeaders = [] } = readRequest(explanation.request);
  assertString(timestamp, 'timestamp');
  assertString(method, 'method');
  if (keyId !== undefined) assertString(keyId, 'keyId');
  if (host !== undefined) assertString(host, 'host');
  if (!Array.isArray(rawHeaders) || !rawHeaders.every((text) => typeof text === 'string')) {
    throw wrongType('rawHeaders', rawHeaders, { expected: 'an array of strings' });
  }
  const steps = createSteps(explanation, target, body ?? Buffer.alloc(0));
  if (steps === undefined) return [];
  const forwarded = readForwarded(rawHeaders, host);
  const correct = { ...steps, timestamp, method, keyId, host, forwarded, assemble: assembleRequest };
  return explain(explanation, correct, REQUEST_MISTAKES);
};

/** Explains a webhook's signature as {@link explainMismatch} explains a request's. Wire protocol §5. */
export const explainWebhookMismatch = (mismatch: WebhookMismatchToExplain): Finding<FindingCode>[] => {
  const explanation = readWebhookMismatch(mismatch);
  const { timestamp, body, target = '/' } = readWebhook(explanation.webhook);
  assertString(timestamp, 'timestamp');
  const steps = createSteps(explanation, target, body);
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

// A received request may have other fields.
const readRequest = createFieldReader<ReceivedRequest>(
  'request',
  ({ method, target, timestamp, body, keyId, host, rawHeaders }) => ({
    method,
    target,
    timestamp,
    body,
    keyId,
    host,
    rawHeaders,
  }),
);

const readWebhook = createFieldReader<ReceivedWebhook>('webhook', ({ body, timestamp, target }) => ({
  body,
  timestamp,
  target,
}));

const createSteps = (
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
    forwarded: { hosts: [], prefixes: [], targets: [] },
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
    return findings.length > 0 || now === undefined ? findings : findClockMistake(correct.timestamp, now);
  }
  return [];
};

/** The codes of findings about a correct signature. */
export type ClockCode = 'timestamp_malformed' | 'timestamp_in_milliseconds' | 'timestamp_stale';

/**
 * Finds what is wrong with the timestamp of a request with a correct signature. Wire protocol §1.1 and §2.
 */
export const findClockMistake = (timestamp: string, now: number): Finding<ClockCode>[] => {
  const seconds = parseTimestamp(timestamp);
  if (seconds === undefined) {
    return [
      {
        code: 'timestamp_malformed',
        message:
          'The signature is right, but X-CPG-Timestamp is malformed: send Unix seconds as digits only, without sign, space, fraction or leading zero.',
      },
    ];
  }
  if (isWithinWindow(seconds, now)) return [];
  if (isWithinWindow(Math.floor(seconds / 1000), now)) {
    return [
      {
        code: 'timestamp_in_milliseconds',
        message:
          'The signature is right, but X-CPG-Timestamp is in milliseconds: send Unix seconds, Math.floor(Date.now() / 1000).',
      },
    ];
  }
  const distance = Math.abs(seconds - now);
  return [
    {
      code: 'timestamp_stale',
      message: `The signature is right, but the timestamp is ${distance} seconds ${seconds < now ? 'behind' : 'ahead of'} the server's clock, more than the allowed ${WINDOW_SECONDS}: correct the clock, and sign each attempt again.`,
    },
  ];
};
