import { COUNT_FROM_0, MILLISECONDS, OBJECT, type OptionRules } from '../guards.ts';
import { type RequestSigner, UNIQUE_READS, type UniqueReads } from '../signing/request-signer.ts';
import type { ServerClock } from '../signing/server-clock.ts';
import type { Closing, Time } from '../time.ts';
import type { CallTransport } from '../transport/transport.ts';
import { type CallLimits, type CallOptions, resolveLimits } from './call-scope.ts';
import { type HeaderValues, mergeHeaders } from './headers.ts';
import { type Hooks, type LogOptions, OBSERVER_RULES, Observer } from './observer.ts';
import type { RatePacer } from './pacing.ts';

/** The options of a client that `withOptions` can change. */
export interface ClientSettings extends Hooks, LogOptions, Omit<CallOptions, 'signal'> {
  /**
   * Whether a read that equals another one of the same second gets an extra query parameter `_`, which the
   * gateway ignores, because it accepts each signature once. `never` gives it a later timestamp instead, and
   * makes it wait when those are used up. @default 'auto'
   */
  readonly uniqueReads?: UniqueReads | undefined;
}

export const SETTINGS_RULES: OptionRules<ClientSettings> = {
  timeoutMs: MILLISECONDS,
  deadlineMs: MILLISECONDS,
  maxRetries: COUNT_FROM_0,
  headers: OBJECT,
  uniqueReads: UNIQUE_READS,
  ...OBSERVER_RULES,
};

/** What clients of one key share, also those made by `withOptions`. */
export interface Connection {
  readonly origin: string;
  readonly signer: RequestSigner;
  readonly clock: ServerClock;
  readonly time: Time;
  readonly transport: CallTransport;
  readonly pacer: RatePacer | undefined;
  readonly userAgent: string;
}

/** Shared by all calls of a client. */
export interface ClientContext extends Connection {
  readonly settings: ClientSettings;
  readonly observer: Observer;
  readonly limits: CallLimits;
  readonly uniqueReads: UniqueReads | undefined;
  /** What every request without a body has, besides its authentication. */
  readonly readHeaders: HeaderValues;
  /** What every request with a body has, besides its authentication. */
  readonly writeHeaders: HeaderValues;
  /** Aborted when the client is closed, or one that it was made from. */
  readonly closed: readonly Closing[];
}

/** A context for calls with these settings. */
export const createContext = (
  connection: Connection,
  settings: ClientSettings,
  closed: readonly Closing[],
): ClientContext => ({
  ...connection,
  settings,
  closed,
  observer: new Observer(settings),
  limits: resolveLimits(settings),
  uniqueReads: settings.uniqueReads,
  readHeaders: mergeHeaders(getOwnHeaders(connection), settings.headers),
  writeHeaders: mergeHeaders(getOwnHeaders(connection), { 'Content-Type': JSON_TYPE }, settings.headers),
});

const JSON_TYPE = 'application/json';

const getOwnHeaders = ({ userAgent }: Connection): HeaderValues => ({
  Accept: JSON_TYPE,
  'User-Agent': userAgent,
});

/** Settings with changes. Headers are merged; a setting that is `undefined` stays as it is. */
export const mergeSettings = (settings: ClientSettings, changes: ClientSettings): ClientSettings => ({
  ...settings,
  ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  headers: mergeHeaders(settings.headers, changes.headers),
});
