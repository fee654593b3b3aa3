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

/** An API key and its secret. */
export interface Credentials {
  readonly keyId: string;
  /** Exactly as it was issued: not trimmed, not decoded. */
  readonly secret: string;
}

/** The bytes of a request as they will be sent. */
export interface RequestBytes {
  readonly method: string;
  readonly target: string;
  readonly body?: Buffer | undefined;
}

/**
 * Seconds that a timestamp may be ahead of the clock; beyond that, the signer waits (wire protocol §6, rule
 * 3).
 */
const MAX_SECONDS_AHEAD = 30;
// Timers may fire slightly early.
const TIMER_MARGIN_MS = 20;

const NO_BODY = Buffer.alloc(0);

interface SigningOptions {
  /** Waits; a rejection ends the call. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /**
   * Picks a random timestamp among those allowed, to avoid the timestamps of another process with the same
   * key.
   */
  readonly scatter?: boolean | undefined;
}

/** A signed request that may be sent once. */
export type SignedOnce = SignedRequest & {
  /** Releases the timestamp. Only for a request of which nothing was sent. */
  readonly release: () => void;
};

/** Signs requests with one key and never repeats a signature. Logging a signer does not reveal its secret. */
export class RequestSigner {
  readonly #keyId: string;
  readonly #key: SigningKey;
  readonly #clock: ServerClock;
  readonly #timestamps = new SingleUseTimestamps();

  /** @throws ProtocolError `invalid_secret` if the secret is empty or not a string. */
  constructor(credentials: { readonly keyId: string; readonly secret: string }, clock: ServerClock) {
    this.#keyId = credentials.keyId;
    this.#key = createSigningKey(credentials.secret);
    this.#clock = clock;
  }

  /**
   * Signs a request. Identical requests within one second get timestamps one second apart, up to 30 s ahead;
   * further requests wait.
   */
  async sign(request: RequestBytes, { sleep, scatter = false }: SigningOptions): Promise<SignedOnce> {
    const content = `${request.method} ${request.target} ${bodySha256(request.body ?? NO_BODY)}`;
    for (;;) {
      const ahead = scatter ? Math.floor(Math.random() * MAX_SECONDS_AHEAD) : 0;
      const timestamp = this.#timestamps.reserve(content, this.#clock.seconds() + ahead);
      const release = (): void => this.#timestamps.release(content, timestamp);
      try {
        const waitMs = (timestamp - MAX_SECONDS_AHEAD) * 1000 - this.#clock.now();
        if (waitMs > 0) await sleep(waitMs + TIMER_MARGIN_MS);
        // The clock may have been corrected during the wait, which makes the reserved timestamp useless.
        if (Math.abs(timestamp - this.#clock.seconds()) <= MAX_SECONDS_AHEAD) {
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

// The server stores signatures for at most 600 s; older timestamps cannot collide.
const RETENTION_SECONDS = 600;

/**
 * Issues timestamps, never the same one twice for the same content. Content and timestamp determine the
 * signature, and the gateway accepts each signature once (wire protocol §6, rule 3).
 */
class SingleUseTimestamps {
  readonly #contentsBySecond = new Map<number, Set<string>>();

  /** Reserves the first second from `now` (whole Unix seconds) that is unused for this content. */
  reserve(content: string, now: number): number {
    let second = now;
    while (this.#contentsBySecond.get(second)?.has(content)) second += 1;
    this.#contentsAt(second, now).add(content);
    return second;
  }

  /** Releases a timestamp whose signature was never sent. */
  release(content: string, second: number): void {
    const contents = this.#contentsBySecond.get(second);
    contents?.delete(content);
    if (contents?.size === 0) this.#contentsBySecond.delete(second);
  }

  #contentsAt(second: number, now: number): Set<string> {
    const known = this.#contentsBySecond.get(second);
    if (known !== undefined) return known;
    for (const old of this.#contentsBySecond.keys()) {
      if (old < now - RETENTION_SECONDS) this.#contentsBySecond.delete(old);
    }
    const contents = new Set<string>();
    this.#contentsBySecond.set(second, contents);
    return contents;
  }
}

/** The times of one response. */
interface DateSample {
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Age` header. A cached response has an old `Date`. */
  readonly age: string | undefined;
  /** Local Unix milliseconds when the request was sent and the response received. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

// `Date` has a resolution of one second and network latency is asymmetric, so smaller differences are noise.
const NOISE_MS = 5_000;

/**
 * The gateway's clock: the local clock plus an offset measured from `Date` headers (wire protocol §6, rule
 * 4).
 */
export class ServerClock {
  readonly #time: Time;
  #offsetMs = 0;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Milliseconds by which the gateway's clock is ahead of the local clock; 0 until measured. */
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

  /**
   * Measures the offset from one response. Returns whether it changed; differences of up to 5 s are ignored.
   */
  update({ date, age, sentAt, receivedAt }: DateSample): boolean {
    const serverTime = Date.parse(date ?? '');
    if (Number.isNaN(serverTime) || age !== undefined) return false;
    const offset = Math.round(serverTime + 500 - (sentAt + receivedAt) / 2);
    if (Math.abs(offset - this.#offsetMs) <= NOISE_MS) return false;
    this.#offsetMs = offset;
    return true;
  }
}

/**
 * @throws CpgError `invalid_configuration` for an invalid key id or secret. Its message never contains the
 * secret.
 */
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
