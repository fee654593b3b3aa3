import type { AdmissionStore } from '../admission/admission-store.ts';
import { aKeyStore, type KeyStore } from '../keys/key-store.ts';
import {
  aBoolean,
  aFunction,
  aLogger,
  assertOptions,
  type OptionRules,
  optional,
  positiveInteger,
  timerMs,
  withMethods,
} from '../options.ts';
import type { Logger } from '../user-code.ts';
import type { DecisionTrace } from './decision-trace.ts';

export interface AuthenticateOptions {
  readonly keys: KeyStore;
  /** `memoryStore()` for one process, `redisStore(client)` for several. */
  readonly store: AdmissionStore;
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** Maximum bytes of the body; a larger one is rejected with 413. @default 1048576 (1 MiB) */
  readonly bodyLimit?: number | undefined;
  /** Milliseconds to receive the whole body; then 408, and the connection is closed. @default 10000 */
  readonly bodyTimeoutMs?: number | undefined;
  /**
   * Maximum bytes of bodies that all requests together hold in memory before they are authenticated; above it 503. The first
   * 16 KiB of each body do not count, so that stalled uploads cannot keep out ordinary requests. @default 67108864 (64 MiB)
   */
  readonly maxPendingBytes?: number | undefined;
  /** Milliseconds for the key store, and again for the admission store; then 503. @default 1000 */
  readonly storeTimeoutMs?: number | undefined;
  /** Called with every decision; without it and without subscribers nothing is timed. */
  readonly trace?: ((trace: DecisionTrace) => void) | undefined;
  /**
   * Log the likely mistake behind an invalid signature, at most once a second for each key id, three times in all, and after
   * the response, which never contains it. For development and onboarding: an explanation takes about ten milliseconds. @default false
   */
  readonly explain?: boolean | undefined;
  /** Logs explanations and server errors; loggers of pino and winston fit. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

export const DEFAULT_BODY_LIMIT = 1_048_576;
export const DEFAULT_BODY_TIMEOUT_MS = 10_000;
export const DEFAULT_MAX_PENDING_BYTES = 64 * 1024 * 1024;
export const DEFAULT_STORE_TIMEOUT_MS = 1_000;

/** The rules for the options of `authenticate`; `cpgAuth` adds its own. */
export const AUTHENTICATE_RULES: OptionRules<AuthenticateOptions> = {
  keys: aKeyStore,
  store: withMethods(['admit'], 'an admission store, e.g. memoryStore()'),
  clock: optional(aFunction),
  bodyLimit: optional(positiveInteger),
  bodyTimeoutMs: optional(timerMs),
  maxPendingBytes: optional(positiveInteger),
  storeTimeoutMs: optional(timerMs),
  trace: optional(aFunction),
  explain: optional(aBoolean),
  logger: optional(aLogger),
};

const usable = new WeakSet<AuthenticateOptions>();

/**
 * Rejects options with which a check would be skipped silently. The same object is checked once.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const assertUsableOptions = <Options extends AuthenticateOptions>(
  options: Options,
  owner = 'authenticate',
  rules: OptionRules<Options> = AUTHENTICATE_RULES as OptionRules<Options>,
): void => {
  if (usable.has(options)) return;
  assertOptions({ owner, options, rules });
  usable.add(options);
};
