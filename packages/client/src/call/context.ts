import type { IncomingHttpHeaders } from 'node:http';
import type { CpgErrorCode } from '../errors.ts';
import type { RequestSigner, UniqueReads } from '../signing/request-signer.ts';
import type { ServerClock } from '../signing/server-clock.ts';
import type { Time } from '../time.ts';
import type { Transport } from '../transport/transport.ts';
import type { CallLimits } from './call-scope.ts';
import type { RatePacer } from './pacing.ts';

/** Shared by all calls of a client. */
export interface ClientContext {
  readonly origin: string;
  readonly signer: RequestSigner;
  readonly clock: ServerClock;
  readonly time: Time;
  readonly transport: Transport;
  readonly pacer: RatePacer | undefined;
  readonly hooks: Hooks;
  readonly limits: CallLimits;
  readonly uniqueReads: UniqueReads | undefined;
  readonly closed: AbortSignal;
}

/** A request about to be sent, without its body and with a redacted signature. */
export interface RequestEvent {
  /** The method of the client, e.g. `balances.list`. */
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  /** Counts from 1. */
  readonly attempt: number;
}

/** A complete response, whatever its status. */
export interface ResponseEvent {
  readonly operation: string;
  readonly attempt: number;
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly requestId: string | undefined;
  readonly durationMs: number;
}

/** A failed attempt that will be retried. */
export interface RetryEvent {
  readonly operation: string;
  /** The failed attempt; counts from 1. */
  readonly attempt: number;
  readonly code: CpgErrorCode;
  readonly status: number | undefined;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/**
 * Functions called during each call. An error thrown by a hook becomes a process warning and never affects
 * the call.
 */
export interface Hooks {
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  readonly onResponse?: ((event: ResponseEvent) => void) | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}
