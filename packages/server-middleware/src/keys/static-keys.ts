import { assertValue } from '../options.ts';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import { aList, assertKeyRecord } from './assert-usable-key.ts';
import type { CpgKey, KeyStore } from './cpg-key.ts';

/**
 * A key store over a fixed list, for tests and small services. The keys are checked here, once.
 *
 * @throws ServerMiddlewareError `invalid_option` for a key that cannot be used, `invalid_key` for a repeated one,
 * `invalid_source_ip` for a whitelist entry that is neither an address nor a range.
 */
export const staticKeys = (keys: readonly CpgKey[]): KeyStore => {
  const byId = new Map<string, CpgKey>();
  assertValue({ name: 'staticKeys: keys', value: keys, rule: aList });
  for (const [index, key] of keys.entries()) {
    assertKeyRecord(key, index);
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
