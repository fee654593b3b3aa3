import {
  bodySha256,
  createSigningKey,
  type SignedRequest,
  type SigningKey,
  signRequest,
} from '@cpg/protocol';
import type { ServerClock } from './server-clock.ts';
import { SingleUseTimestamps } from './single-use-timestamps.ts';

/** The bytes of one request, as they will be sent. */
export interface RequestBytes {
  readonly method: string;
  readonly target: string;
  readonly body?: Buffer | undefined;
}

/** How far, in seconds, a stepped timestamp may run ahead of the clock before the signer waits. Contract §6, rule 3. */
export const MOST_SECONDS_AHEAD = 30;
// Timers may fire a little early.
const TIMER_MARGIN_MS = 20;

const NO_BODY = Buffer.alloc(0);

export interface SigningOptions {
  /** How to wait; its rejection ends the call. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Takes a second at random of those allowed, to get out of step with another process that has the same key. */
  readonly scatter?: boolean | undefined;
}

/** A signature that is sent once at most. */
export type SignedOnce = SignedRequest & {
  /** Gives the timestamp back; only for a request of which nothing was sent. */
  readonly release: () => void;
};

/** Signs for one key, never with the same signature twice. Printing it shows neither secret nor key. */
export class RequestSigner {
  readonly #keyId: string;
  readonly #key: SigningKey;
  readonly #clock: ServerClock;
  readonly #timestamps = new SingleUseTimestamps();

  /** @throws ProtocolError `invalid_secret` when the secret is empty or not a text. */
  constructor(credentials: { readonly keyId: string; readonly secret: string }, clock: ServerClock) {
    this.#keyId = credentials.keyId;
    this.#key = createSigningKey(credentials.secret);
    this.#clock = clock;
  }

  /**
   * Signs these bytes. Identical requests within one second get timestamps one second apart, up to 30 s ahead; beyond that
   * it waits. A timestamp that is not used after all is given back.
   */
  async sign(request: RequestBytes, { sleep, scatter = false }: SigningOptions): Promise<SignedOnce> {
    const content = `${request.method} ${request.target} ${bodySha256(request.body ?? NO_BODY)}`;
    for (;;) {
      const ahead = scatter ? Math.floor(Math.random() * MOST_SECONDS_AHEAD) : 0;
      const timestamp = this.#timestamps.reserve(content, this.#clock.seconds() + ahead);
      const release = (): void => this.#timestamps.release(content, timestamp);
      try {
        const waitMs = (timestamp - MOST_SECONDS_AHEAD) * 1000 - this.#clock.now();
        if (waitMs > 0) await sleep(waitMs + TIMER_MARGIN_MS);
        // The clock may have been corrected during the wait; then the reserved second is of no use.
        if (Math.abs(timestamp - this.#clock.seconds()) <= MOST_SECONDS_AHEAD) {
          const signed = signRequest({ ...request, keyId: this.#keyId, key: this.#key, timestamp });
          return { ...signed, release };
        }
      } catch (error) {
        release();
        throw error;
      }
      release();
    }
  }
}
