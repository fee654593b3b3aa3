import type { IncomingHttpHeaders } from 'node:http';
import type { CpgErrorCode } from '../errors.ts';
import type { RequestSigner, ServerClock } from '../signing/request-signer.ts';
import type { Time } from '../time.ts';
import type { Transport } from '../transport/axios-transport.ts';
import type { CallLimits } from './call-scope.ts';
import type { RatePacer } from './pacing.ts';

/** What all calls of one client share. */
export interface ClientContext {
  readonly origin: string;
  readonly signer: RequestSigner;
  readonly clock: ServerClock;
  readonly time: Time;
  readonly transport: Transport;
  readonly pacer: RatePacer | undefined;
  readonly hooks: Hooks;
  readonly limits: CallLimits;
  readonly closed: AbortSignal;
}

/** A request about to be sent. The signature is redacted, the body left out. */
export interface RequestEvent {
  /** As in the client: `balances.list`. */
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  /** Counts from 1. */
  readonly attempt: number;
}

/** A complete answer, of any status. */
export interface ResponseEvent {
  readonly operation: string;
  readonly attempt: number;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly requestId: string | undefined;
  readonly durationMs: number;
}

/** A failed attempt that will be followed by another. */
export interface RetryEvent {
  readonly operation: string;
  /** The attempt that failed; counts from 1. */
  readonly attempt: number;
  readonly code: CpgErrorCode;
  readonly status: number | undefined;
  readonly delayMs: number;
}

/** Told what happens; what a hook throws becomes a process warning and never changes the call. */
export interface Hooks {
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  readonly onResponse?: ((event: ResponseEvent) => void) | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}
