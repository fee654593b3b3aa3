import {
  bodySha256,
  createSigningKey,
  isKeyId,
  ProtocolError,
  type SignedRequest,
  type SigningKey,
  signRequest,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import type { Time } from '../time.ts';

/** Who calls. */
export interface Credentials {
  readonly keyId: string;
  /** As it was shown: not trimmed, not decoded. */
  readonly secret: string;
}

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

// The server remembers a signature for at most 600 s; older timestamps cannot collide.
const REMEMBERED_SECONDS = 600;

/**
 * Hands out timestamps so that no request content gets the same one twice: content and timestamp decide the signature, and
 * the gateway accepts a signature once. Contract §6, rule 3.
 */
export class SingleUseTimestamps {
  readonly #contentsBySecond = new Map<number, Set<string>>();

  /** The first second from `now` on (whole Unix seconds) that this content has not had; it is taken at once. */
  reserve(content: string, now: number): number {
    let second = now;
    while (this.#contentsBySecond.get(second)?.has(content)) second += 1;
    this.#contentsAt(second, now).add(content);
    return second;
  }

  /** Gives a timestamp back whose signature was never sent. */
  release(content: string, second: number): void {
    const contents = this.#contentsBySecond.get(second);
    contents?.delete(content);
    if (contents?.size === 0) this.#contentsBySecond.delete(second);
  }

  #contentsAt(second: number, now: number): Set<string> {
    const known = this.#contentsBySecond.get(second);
    if (known !== undefined) return known;
    for (const old of this.#contentsBySecond.keys()) {
      if (old < now - REMEMBERED_SECONDS) this.#contentsBySecond.delete(old);
    }
    const contents = new Set<string>();
    this.#contentsBySecond.set(second, contents);
    return contents;
  }
}

/** What an answer says about the gateway's clock. */
export interface DateSample {
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Age` header: an answer from a cache tells an old time. */
  readonly age: string | undefined;
  /** Local Unix milliseconds when the request left and when the answer came. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

// `Date` counts whole seconds and the way there is not the way back: smaller differences are noise.
const NOISE_MS = 5_000;

/** The gateway's clock as far as it is known: the local clock plus an offset learnt from `Date` headers. Contract §6, rule 4. */
export class ServerClock {
  readonly #time: Time;
  #offsetMs = 0;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Milliseconds that the gateway's clock is ahead of the local one; 0 until an answer proves otherwise. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Unix milliseconds at the gateway. */
  now(): number {
    return this.#time.now() + this.#offsetMs;
  }

  /** Whole Unix seconds at the gateway. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Learns from one answer. Returns whether the offset was corrected; differences of 5 s and less are left alone. */
  learn({ date, age, sentAt, receivedAt }: DateSample): boolean {
    const serverTime = Date.parse(date ?? '');
    if (Number.isNaN(serverTime) || age !== undefined) return false;
    const offset = Math.round(serverTime + 500 - (sentAt + receivedAt) / 2);
    if (Math.abs(offset - this.#offsetMs) <= NOISE_MS) return false;
    this.#offsetMs = offset;
    return true;
  }
}

/** @throws CpgError `invalid_configuration`; its message never contains the secret. */
export const createSigner = ({ keyId, secret }: Credentials, clock: ServerClock): RequestSigner => {
  if (typeof keyId !== 'string' || !isKeyId(keyId)) {
    throw new CpgError(
      'invalid_configuration',
      'keyId must be 1–128 characters of A-Z a-z 0-9 _ - . (is its environment variable set?)',
    );
  }
  try {
    return new RequestSigner({ keyId, secret }, clock);
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    throw new CpgError('invalid_configuration', error.message);
  }
};
