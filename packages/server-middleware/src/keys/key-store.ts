import { isKeyId, PERMISSIONS, type Permission, type SigningKey, sign } from '@cpg/protocol';
import { ServerMiddlewareError } from '../errors.ts';
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
import { sourceIpList } from './source-ip.ts';

/** Everything the middleware must know of one API key. */
export interface CpgKey {
  /** The public id, compared exactly with `X-CPG-Key`. */
  readonly keyId: string;
  /** One live key, or two while a secret is being rotated; either signs. */
  readonly signingKeys: readonly SigningKey[];
  readonly permissions: readonly Permission[];
  /** IP addresses and CIDR ranges the key may be used from; left out, from anywhere; empty, from nowhere. */
  readonly sourceIps?: readonly string[] | undefined;
  /** Authenticated requests per epoch minute. */
  readonly rateLimitPerMinute: number;
  readonly accountId: string;
  /** A revoked key answers exactly as an unknown one. */
  readonly revoked?: boolean | undefined;
}

/** Where keys come from. Called once per request; wrap a database in `cachedKeys`. */
export interface KeyStore {
  find(keyId: string): CpgKey | undefined | Promise<CpgKey | undefined>;
  /** Whether any key has a whitelist, if that is known beforehand; lets a permissive `trust proxy` fail at once. */
  readonly hasSourceIps?: boolean;
}

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
