import type { AdmissionStore } from '../admission/admission-store.ts';
import { aKeyStore } from '../keys/cached-keys.ts';
import type { KeyStore } from '../keys/cpg-key.ts';
import type { Logger } from '../logger.ts';
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
import type { DecisionTrace } from './decision-recorder.ts';

export interface AuthenticateOptions {
  readonly keys: KeyStore;
  /** `memoryStore()` for one process, `redisStore(client)` for several. */
  readonly store: AdmissionStore;
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined;
  /** Bytes of body; one more is 413. @default 1048576 (1 MiB) */
  readonly bodyLimit?: number | undefined;
  /** Milliseconds for the whole body to arrive; then 408 and the connection is closed. @default 10000 */
  readonly bodyTimeoutMs?: number | undefined;
  /** Milliseconds for the key store, and again for the admission store; then 503. @default 1000 */
  readonly storeTimeoutMs?: number | undefined;
  /** Called with how each request was decided; without it and without subscribers nothing is timed. */
  readonly trace?: ((trace: DecisionTrace) => void) | undefined;
  /**
   * Log the likely mistake behind an invalid signature, at most once a second, after it was answered; the answer never says
   * it. For development and onboarding: an explanation takes some ten milliseconds. @default false
   */
  readonly explain?: boolean | undefined;
  /** Where explanations and faults of the server are logged; a pino logger fits. @default Node's process warnings */
  readonly logger?: Logger | undefined;
}

export const DEFAULT_BODY_LIMIT = 1_048_576;
export const DEFAULT_BODY_TIMEOUT_MS = 10_000;
export const DEFAULT_STORE_TIMEOUT_MS = 1_000;

/** The rules for the options of `authenticate`, which `cpgAuth` adds to. */
export const AUTHENTICATE_RULES: OptionRules<AuthenticateOptions> = {
  keys: aKeyStore,
  store: withMethods(['admit'], 'an admission store, e.g. memoryStore()'),
  clock: optional(aFunction),
  bodyLimit: optional(positiveInteger),
  bodyTimeoutMs: optional(timerMs),
  storeTimeoutMs: optional(timerMs),
  trace: optional(aFunction),
  explain: optional(aBoolean),
  logger: optional(aLogger),
};

const usable = new WeakSet<AuthenticateOptions>();

/**
 * Rejects options with which a check would silently not happen. The same object is checked once.
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
