import { ServerMiddlewareError } from '../server-middleware-error.ts';
import { sourceIpList } from '../source-ip/source-ip-list.ts';
import { assertUsableKey } from './assert-usable-key.ts';
import type { CpgKey, KeyStore } from './cpg-key.ts';

/**
 * A key store over a fixed list, for tests and small services. The keys are checked here, once.
 *
 * @throws ServerMiddlewareError `invalid_key` for an unusable or repeated key, `invalid_source_ip` for a whitelist entry
 * that is neither an address nor a range.
 */
export const staticKeys = (keys: readonly CpgKey[]): KeyStore => {
  const byId = new Map<string, CpgKey>();
  for (const key of keys) {
    assertUsableKey(key);
    if (key.sourceIps !== undefined) sourceIpList(key.sourceIps);
    if (byId.has(key.keyId)) {
      throw new ServerMiddlewareError('invalid_key', `Key ${key.keyId} is listed more than once.`);
    }
    byId.set(key.keyId, key);
  }
  return {
    find: (keyId) => byId.get(keyId),
    hasSourceIps: keys.some((key) => key.sourceIps !== undefined),
  };
};
