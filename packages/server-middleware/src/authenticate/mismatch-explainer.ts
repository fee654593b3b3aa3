import { randomUUID } from 'node:crypto';
import { createSigningKey, MAX_SIGNING_KEYS, type SigningKey } from '@cpg/protocol';
import { explainMismatch, type Finding } from '@cpg/protocol/explain';
import type { CpgKey } from '../keys/key-store.ts';
import { describeCauses, Muting } from '../muting.ts';
import { guardLogger, type Logger } from '../user-code.ts';
import type { ReadRequest, RequestToAuthenticate } from './request.ts';

const INTERVAL_MS = 1_000;
// The other key ids share one line.
const MAX_KEY_IDS = 2;
const MAX_BODY_BYTES = 65_536;
const MAX_PATH = 200;

let dummyKeys: readonly SigningKey[] | undefined;

/**
 * An explanation for an unknown key takes as long as one for a known key. Created at the first use, because workers forbid
 * randomness while modules load.
 */
const getDummyKeys = (): readonly SigningKey[] => {
  dummyKeys ??= Array.from({ length: MAX_SIGNING_KEYS }, () => createSigningKey(randomUUID()));
  return dummyKeys;
};

interface RejectedSignature {
  readonly request: RequestToAuthenticate;
  readonly read: ReadRequest;
  readonly key: CpgKey | undefined;
  readonly logger: Logger | undefined;
}

/**
 * Logs why a signature was rejected, for the operator of the server: at most once a second for each key id that a request
 * claims, and three times in all.
 */
export class MismatchExplainer {
  readonly #muting = new Muting(MAX_KEY_IDS);

  /** Explains after the response. Unknown keys cost the same work, so the load does not reveal which keys exist. */
  explainLater(rejected: RejectedSignature): void {
    const { body, headers } = rejected.read;
    if (body.length > MAX_BODY_BYTES) return;
    const line = { code: 'invalid_signature', subject: headers.keyId, intervalMs: INTERVAL_MS };
    this.#muting.log(line, (more) => {
      setImmediate(() => {
        const logger = guardLogger(rejected.logger);
        try {
          explain(rejected, logger, more);
        } catch (error) {
          // A failing explanation must not end the process.
          logger.error(
            { err: error },
            `An invalid signature could not be explained: ${describeCauses(error)}`,
          );
        }
      });
    });
  }
}

/** One for the process: all middlewares share its limit. */
export const mismatchExplainer = new MismatchExplainer();

const explain = ({ request, read, key }: RejectedSignature, logger: Logger, more: string): void => {
  const { headers, body } = read;
  const { keyId, timestamp, signature } = headers;
  const { method, rawHeaders, target, signedTarget = target } = request;
  const received = { method, target: signedTarget, timestamp, body, keyId, rawHeaders };
  const findings: Finding[] = [];
  for (let index = 0; index < MAX_SIGNING_KEYS; index += 1) {
    const own = key?.signingKeys[index];
    const signingKey = own ?? (getDummyKeys()[index] as SigningKey);
    const found = explainMismatch({ key: signingKey, request: received, signature });
    if (own !== undefined) findings.push(...found);
  }
  const explained = { code: 'invalid_signature', findings: findings.map(({ code }) => code) };
  if (key === undefined) logger.warn(explained, `${UNKNOWN_KEY}${more}`);
  else logger.warn({ keyId, ...explained }, `Key ${keyId}: ${describeReason(key, findings, read)}${more}`);
};

const UNKNOWN_KEY =
  'No key has the key id of the request. The id is not shown: it may be a secret in the wrong place.';

const RESTORE_PREFIX = 'In cpgAuth, the option basePath restores a prefix.';

const describeReason = (key: CpgKey, findings: readonly Finding[], { target }: ReadRequest): string => {
  if (key.revoked === true) return 'the key is revoked.';
  if (findings.length > 0) {
    const isStripped = findings.some(({ code }) => code === 'path_prefix_stripped');
    return [...findings.map(({ message }) => message), ...(isStripped ? [RESTORE_PREFIX] : [])].join(' ');
  }
  return `the signature matches no known mistake. Check the secret and the body, that the client signs the path and not the URL, and that no proxy rewrites the path, which arrived as ${JSON.stringify(target.path.slice(0, MAX_PATH))}.`;
};
