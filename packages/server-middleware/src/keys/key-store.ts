import {
  type AnyPermission,
  findPermissionMistake,
  isKeyId,
  MAX_SIGNING_KEYS,
  type SigningKey,
  sign,
} from '@cpg/protocol';
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
  withMethods,
} from '../options.ts';
import { parseSourceIps } from './source-ip.ts';

/** One API key. */
export interface CpgKey {
  /** The public id, compared exactly with `X-CPG-Key`. */
  readonly keyId: string;
  /** One signing key, or two while a secret is rotated; either is accepted. */
  readonly signingKeys: readonly SigningKey[];
  /** Permissions of CPG, and of your own API: names with a colon, or declared in `CPG.OwnPermissions`. */
  readonly permissions: readonly AnyPermission[];
  /** IP addresses and CIDR ranges from which the key may be used. Without the list: all; with an empty list: none. */
  readonly sourceIps?: readonly string[] | undefined;
  /** Authenticated requests per epoch minute. */
  readonly rateLimitPerMinute: number;
  /** Maximum bytes of the body; lowers the limit of cpgAuth and of the route for this key. @default that limit */
  readonly bodyLimit?: number | undefined;
  readonly accountId: string;
  /** A revoked key is rejected exactly as an unknown one. */
  readonly revoked?: boolean | undefined;
}

/** Finds keys, once per request; wrap a database in `cachedKeys`. */
export interface KeyStore {
  find(keyId: string): CpgKey | undefined | Promise<CpgKey | undefined>;
  /** Whether any key has a whitelist, if known in advance: then a permissive `trust proxy` fails on the first request. */
  readonly hasSourceIps?: boolean;
}

export const aKeyStore = withMethods(['find'], 'a key store, e.g. staticKeys([...])');

const rate: OptionRule = (value) =>
  wholeNumber(value) === undefined ? undefined : 'be a whole number of requests, 0 or more';

const bytes: OptionRule = (value) =>
  wholeNumber(value) === undefined ? undefined : 'be a whole number of bytes, 0 or more';

const signingKeys: OptionRule = (value) =>
  Array.isArray(value) && value.length > 0 && value.length <= MAX_SIGNING_KEYS
    ? undefined
    : 'hold one key, or two during a rotation';

const aList: OptionRule = (value) => (Array.isArray(value) ? undefined : 'be a list');

// Quick enough for every request. A limit of NaN, for example, would admit everything.
const REQUEST_RULES = Object.entries({
  rateLimitPerMinute: rate,
  bodyLimit: optional(bytes),
  signingKeys,
  permissions: aList,
  sourceIps: optional(aList),
  accountId: aString,
}) as readonly (readonly [keyof CpgKey, OptionRule])[];

/**
 * Rejects a key with which a check would be skipped silently.
 *
 * @throws ServerMiddlewareError `invalid_key`
 */
export const assertUsableKey = (key: CpgKey): void => {
  for (const [name, rule] of REQUEST_RULES) {
    const value = key[name];
    if (rule(value) !== undefined)
      assertValue({
        name: `Key ${key.keyId}: ${name}`,
        value,
        rule,
        code: 'invalid_key',
        subject: key.keyId,
      });
  }
};

const isSigningKey = (value: unknown): boolean => {
  try {
    return sign(value as Parameters<typeof sign>[0], '') !== '';
  } catch {
    return false;
  }
};

const usableSigningKeys: OptionRule = (value) =>
  signingKeys(value) ??
  ((value as unknown[]).every(isSigningKey) ? undefined : 'hold keys made by createSigningKey(secret)');

/** Whether all signing keys of a key can be used; too slow to ask before every request. */
export const hasUsableSigningKeys = (key: CpgKey): boolean =>
  usableSigningKeys(key.signingKeys) === undefined;

const aPermissionList: OptionRule = (value) => {
  if (!Array.isArray(value)) return 'be a list of permissions';
  const mistake = value.map(findPermissionMistake).find((text) => text !== undefined);
  return mistake && `be a list of permissions, each of which must ${mistake}`;
};

const RECORD_RULES: OptionRules<CpgKey> = {
  keyId: (value) => (isKeyId(value as string) ? undefined : 'be 1 to 128 characters of A-Z a-z 0-9 _ - .'),
  signingKeys: usableSigningKeys,
  permissions: aPermissionList,
  sourceIps: optional(aList),
  rateLimitPerMinute: rate,
  bodyLimit: optional(bytes),
  accountId: aString,
  revoked: optional(aBoolean),
};

// A key from code or configuration is checked in full, once.
const assertKeyRecord = (key: CpgKey, index: number): void => {
  assertOptions({ owner: `staticKeys: key ${index}`, options: key, rules: RECORD_RULES });
  if (key.sourceIps !== undefined) parseSourceIps(key.sourceIps);
};

/**
 * Creates a key store with a fixed list of keys, for tests and small services.
 *
 * @throws ServerMiddlewareError `invalid_option` for an unusable key, `invalid_key` for a repeated one,
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
