import type { SigningKey } from '@cpg/protocol';
import { explainMismatch, type Finding } from '@cpg/protocol/explain';
import { type CpgKey, MAX_SIGNING_KEYS } from '../keys/key-store.ts';
import { guardLogger, type Logger } from '../user-code.ts';
import { DUMMY_KEYS } from './checks.ts';
import type { ReadRequest, RequestToAuthenticate } from './request.ts';

const EVERY_MS = 1_000;
const LARGEST_BODY = 65_536;

export interface RefusedSignature {
  readonly request: RequestToAuthenticate;
  readonly read: ReadRequest;
  readonly key: CpgKey | undefined;
  readonly logger: Logger | undefined;
}

/** Logs why a signature was refused, for the people who run the server; at most once a second. */
export class MismatchExplainer {
  readonly #now: () => number;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Explains when the answer is on its way. Unknown keys cost the same work, with dummy keys: how long the server is busy does not
   * tell which keys exist.
   */
  explainLater(refused: RefusedSignature): void {
    const now = this.#now();
    if (now < this.#quietUntil || refused.read.body.length > LARGEST_BODY) return;
    this.#quietUntil = now + EVERY_MS;
    setImmediate(() => {
      const logger = guardLogger(refused.logger);
      try {
        explain(refused, logger);
      } catch (error) {
        // No request waits for an explanation, and a failing one must not end the process.
        logger.error({ err: error }, 'An invalid signature could not be explained.');
      }
    });
  }
}

/** One for the process, so that its limit holds however many middlewares there are. */
export const mismatchExplainer = new MismatchExplainer();

const explain = ({ request, read, key }: RefusedSignature, logger: Logger): void => {
  const { headers, body } = read;
  const { keyId, timestamp, signature } = headers;
  const received = { method: request.method, target: request.target, timestamp, body, keyId };
  const findings: Finding[] = [];
  for (let index = 0; index < MAX_SIGNING_KEYS; index += 1) {
    const own = key?.signingKeys[index];
    const signingKey = own ?? (DUMMY_KEYS[index] as SigningKey);
    const found = explainMismatch({ key: signingKey, request: received, signature });
    if (own !== undefined) findings.push(...found);
  }
  const explained = { code: 'invalid_signature', findings: findings.map(({ code }) => code) };
  if (key === undefined) logger.warn(explained, UNKNOWN_KEY);
  else logger.warn({ keyId, ...explained }, `Key ${keyId}: ${reasonOf(key, findings)}`);
};

const UNKNOWN_KEY =
  'There is no key of the id that was given. It is not shown: it may be a secret in the wrong place.';

const reasonOf = (key: CpgKey, findings: readonly Finding[]): string => {
  if (key.revoked === true) return 'the key is revoked.';
  if (findings.length > 0) return findings.map(({ message }) => message).join(' ');
  return 'no known mistake makes this signature; most likely the secret is another one, or the body was changed on its way.';
};
