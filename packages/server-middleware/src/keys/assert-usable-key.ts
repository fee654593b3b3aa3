import { isKeyId, PERMISSIONS, type Permission, sign } from '@cpg/protocol';
import {
  aBoolean,
  aString,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
  wholeNumber,
} from '../options.ts';
import { sourceIpList } from '../source-ip/source-ip-list.ts';
import type { CpgKey } from './cpg-key.ts';

/** How many live secrets a key may have; also how many HMACs every rejected signature costs. */
export const MAX_SIGNING_KEYS = 2;

const rate: OptionRule = (value) =>
  wholeNumber(value) === undefined ? undefined : 'be a whole number of requests, 0 or more';

const signingKeys: OptionRule = (value) =>
  Array.isArray(value) && value.length > 0 && value.length <= MAX_SIGNING_KEYS
    ? undefined
    : 'hold one key, or two during a rotation';

export const aList: OptionRule = (value) => (Array.isArray(value) ? undefined : 'be a list');

// What a request depends on, and quick to check: a limit of NaN admits everything, a third secret is never tried.
const REQUEST_RULES = Object.entries({
  rateLimitPerMinute: rate,
  signingKeys,
  permissions: aList,
  sourceIps: optional(aList),
  accountId: aString,
}) as readonly (readonly [keyof CpgKey, OptionRule])[];

/**
 * Rejects a key with which a check would silently not happen.
 *
 * @throws ServerMiddlewareError `invalid_key`
 */
export const assertUsableKey = (key: CpgKey): void => {
  for (const [name, rule] of REQUEST_RULES) {
    const value = key[name];
    if (rule(value) !== undefined)
      assertValue({ name: `Key ${key.keyId}: ${name}`, value, rule, code: 'invalid_key' });
  }
};

const isSigningKey = (value: unknown): boolean => {
  try {
    return sign(value as Parameters<typeof sign>[0], '') !== '';
  } catch {
    return false;
  }
};

const RECORD_RULES: OptionRules<CpgKey> = {
  keyId: (value) => (isKeyId(value as string) ? undefined : 'be 1 to 128 characters of A-Z a-z 0-9 _ - .'),
  signingKeys: (value) =>
    signingKeys(value) ??
    ((value as unknown[]).every(isSigningKey) ? undefined : 'hold keys made by createSigningKey(secret)'),
  permissions: (value) =>
    Array.isArray(value) && value.every((name: Permission) => PERMISSIONS.includes(name))
      ? undefined
      : `be a list of ${PERMISSIONS.join(', ')}`,
  sourceIps: optional(aList),
  rateLimitPerMinute: rate,
  accountId: aString,
  revoked: optional(aBoolean),
};

/**
 * Checks a key that is written down in code or configuration, in full.
 *
 * @throws ServerMiddlewareError `invalid_option`; `invalid_source_ip` for a whitelist entry that is neither an address nor
 * a range.
 */
export const assertKeyRecord = (key: CpgKey, index: number): void => {
  assertOptions({ owner: `staticKeys: key ${index}`, options: key, rules: RECORD_RULES });
  if (key.sourceIps !== undefined) sourceIpList(key.sourceIps);
};
