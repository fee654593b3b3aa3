import { ServerMiddlewareError } from '../server-middleware-error.ts';
import type { CpgKey } from './cpg-key.ts';

/** How many live secrets a key may have; also how many HMACs every refused signature costs. */
export const MOST_SIGNING_KEYS = 2;

/**
 * Refuses a key with which a check would silently not happen: a limit of `NaN` admits everything, a third secret would
 * never be tried.
 *
 * @throws ServerMiddlewareError `invalid_key`
 */
export const assertUsableKey = (key: CpgKey): void => {
  const { keyId, signingKeys, rateLimitPerMinute } = key;
  if (!Number.isSafeInteger(rateLimitPerMinute) || rateLimitPerMinute < 0) {
    throw new ServerMiddlewareError(
      'invalid_key',
      `Key ${keyId}: rateLimitPerMinute must be a whole number of requests, 0 or more: got ${String(rateLimitPerMinute)}.`,
    );
  }
  if (signingKeys.length === 0 || signingKeys.length > MOST_SIGNING_KEYS) {
    throw new ServerMiddlewareError(
      'invalid_key',
      `Key ${keyId}: signingKeys must hold one key, or two during a rotation: got ${signingKeys.length}.`,
    );
  }
};
