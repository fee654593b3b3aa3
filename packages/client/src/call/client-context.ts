import type { Hooks } from '../hooks.ts';
import type { RequestSigner } from '../signing/request-signer.ts';
import type { ServerClock } from '../signing/server-clock.ts';
import type { Time } from '../time.ts';
import type { Transport } from '../transport/transport.ts';
import type { CallLimits } from './call-options.ts';
import type { RatePacer } from './rate-pacer.ts';

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
