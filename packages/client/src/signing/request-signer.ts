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
import { oneOf, requireCleanSecret } from '../guards.ts';
import { systemTime, type Time } from '../time.ts';
import type { ServerClock } from './server-clock.ts';

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
  readonly body?: Uint8Array | undefined;
}

/**
 * Seconds that a timestamp may be ahead of the clock; beyond that, the signer waits (wire protocol §6, rule
 * 3).
 */
const MAX_SECONDS_AHEAD = 30;
// Timers may fire slightly early.
const TIMER_MARGIN_MS = 20;

/**
 * Whether a read whose signature was used before is sent with an extra query parameter `_`, which the gateway
 * ignores. `auto`: yes. `never`: it is sent unchanged with a later timestamp.
 */
export type UniqueReads = 'auto' | 'never';

export const UNIQUE_READS = oneOf('auto', 'never');

interface SigningOptions {
  /** Waits; a rejection ends the call. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether the gateway rejected the previous attempt because its signature was used before. */
  readonly wasReplayed?: boolean | undefined;
  /** @default 'auto' */
  readonly uniqueReads?: UniqueReads | undefined;
}

/** A signed request that may be sent once. Its `target` may have an extra parameter. */
export type SignedOnce = SignedRequest & {
  /** Releases the timestamp. Only for a request of which nothing was sent. */
  readonly release: () => void;
};

/** Signs requests with one key and never repeats a signature. Logging a signer does not reveal its secret. */
export class RequestSigner {
  readonly #keyId: string;
  readonly #key: SigningKey;
  readonly #clock: ServerClock;
  readonly #timestamps: SingleUseTimestamps;

  /** @throws ProtocolError `invalid_secret` if the secret is empty or not a string. */
  constructor(
    credentials: { readonly keyId: string; readonly secret: string },
    clock: ServerClock,
    timestamps = new SingleUseTimestamps(),
  ) {
    this.#keyId = credentials.keyId;
    this.#key = createSigningKey(credentials.secret);
    this.#clock = clock;
    this.#timestamps = timestamps;
  }

  /**
   * Signs a request. A read whose signature was used before gets an extra parameter. Any other request gets
   * the next unused second, up to 30 s ahead of the clock; beyond that, it waits.
   *
   * @throws ProtocolError for a request that cannot be signed.
   */
  sign(request: RequestBytes, options: SigningOptions): SignedOnce | Promise<SignedOnce> {
    const { wasReplayed = false, uniqueReads = 'auto' } = options;
    return uniqueReads === 'auto' && isReadMethod(request.method)
      ? this.#signRead(request, wasReplayed)
      : this.#signLater(request, options);
  }

  #signRead(request: RequestBytes, wasReplayed: boolean): SignedOnce {
    const content = this.#getContent(request);
    const now = this.#clock.seconds();
    if (!wasReplayed && this.#timestamps.take(content, now)) {
      return this.#signAt(request, now, () => this.#timestamps.release(content, now));
    }
    // The random value makes the signature unique, so there is nothing to reserve.
    return this.#signAt({ ...request, target: addUniqueParameter(request.target) }, now, () => undefined);
  }

  async #signLater(
    request: RequestBytes,
    { sleep, wasReplayed = false }: SigningOptions,
  ): Promise<SignedOnce> {
    const content = this.#getContent(request);
    for (;;) {
      // Another process with the same key probably uses the first seconds.
      const ahead = wasReplayed ? Math.floor(Math.random() * MAX_SECONDS_AHEAD) : 0;
      const timestamp = this.#timestamps.reserve(content, this.#clock.seconds() + ahead);
      const release = (): void => this.#timestamps.release(content, timestamp);
      try {
        const waitMs = (timestamp - MAX_SECONDS_AHEAD) * 1000 - this.#clock.now();
        if (waitMs > 0) await sleep(waitMs + TIMER_MARGIN_MS);
        // The clock may have been corrected during the wait, which makes the reserved timestamp useless.
        if (Math.abs(timestamp - this.#clock.seconds()) <= MAX_SECONDS_AHEAD) {
          return this.#signAt(request, timestamp, release);
        }
      } catch (error) {
        release();
        throw error;
      }
      release();
    }
  }

  /** Everything but the timestamp that determines the signature. */
  #getContent({ method, target, body }: RequestBytes): string {
    const content = `${this.#keyId} ${method} ${target}`;
    return body === undefined || body.length === 0 ? content : `${content} ${bodySha256(body)}`;
  }

  #signAt(request: RequestBytes, timestamp: number, release: () => void): SignedOnce {
    return { ...signRequest({ ...request, keyId: this.#keyId, key: this.#key, timestamp }), release };
  }
}

/** Whether a method only reads, so that a repetition is harmless. */
export const isReadMethod = (method: string): boolean => /^(?:get|head)$/i.test(method);

/** The gateway ignores unknown query parameters, but the signature covers them (wire protocol §6, rule 3). */
const addUniqueParameter = (target: string): string => {
  const separator = target.includes('?') ? '&' : '?';
  return `${target}${separator}_=${crypto.randomUUID()}`;
};

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
    while (!this.take(content, second, now)) second += 1;
    return second;
  }

  /** Reserves a second, unless it is in use for this content. Returns whether it did. */
  take(content: string, second: number, now = second): boolean {
    const contents = this.#contentsAt(second, now);
    if (contents.has(content)) return false;
    contents.add(content);
    return true;
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

/**
 * Shared by all clients of a process, which may have the same key. A clock of the caller's own has timestamps
 * of its own: in a test, it may stand still while ports of closed servers are used again.
 */
const timestampsByClock = new WeakMap<Time, Map<string, SingleUseTimestamps>>();

const getTimestamps = (time: Time, origin: string): SingleUseTimestamps => {
  const byOrigin = timestampsByClock.get(time) ?? new Map<string, SingleUseTimestamps>();
  const timestamps = byOrigin.get(origin) ?? new SingleUseTimestamps();
  timestampsByClock.set(time, byOrigin.set(origin, timestamps));
  return timestamps;
};

interface SignerOptions extends Credentials {
  /** The gateway's origin. Signers of one origin, key and clock never use the same signature. */
  readonly origin: string;
  /** @default the system's clock */
  readonly time?: Time | undefined;
}

/**
 * @throws CpgError `invalid_configuration` for an invalid key id or secret. Its message never contains the
 * secret.
 */
export const createSigner = (
  { origin, time = systemTime, keyId, secret }: SignerOptions,
  clock: ServerClock,
): RequestSigner => {
  if (typeof keyId !== 'string' || !isKeyId(keyId)) {
    throw new CpgError(
      'invalid_configuration',
      'keyId must be 1–128 characters of A-Z a-z 0-9 _ - . (is its environment variable set?)',
    );
  }
  requireCleanSecret('secret', secret);
  try {
    return new RequestSigner({ keyId, secret }, clock, getTimestamps(time, origin));
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    throw new CpgError('invalid_configuration', error.message);
  }
};
