import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { ServerMiddlewareError } from '../errors.ts';

/** Bytes of each body that do not count as pending: as many as Node allows for the headers of a request. */
const UNCOUNTED_BYTES = 16_384;

/**
 * The body bytes that all requests hold until they are authenticated, up to a maximum. The first 16 KiB of each body do not
 * count, so that stalled uploads cannot keep out ordinary requests.
 */
export class PendingBodies {
  readonly #maximum: number;
  #held = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Opens the account of one request; close it with `release`. */
  open(): PendingBody {
    let counted = 0;
    return {
      hold: (bytes) => {
        const wanted = Math.max(0, bytes - UNCOUNTED_BYTES);
        if (wanted > counted && this.#held + wanted - counted > this.#maximum) {
          throw new ServerMiddlewareError(
            'pending_bodies_full',
            `Requests that are not authenticated yet hold ${this.#held} bytes of bodies, of at most ${this.#maximum}. Raise maxPendingBytes if these are honest requests and the memory is there; lower bodyLimit or bodyTimeoutMs if they are not.`,
          );
        }
        this.#held += wanted - counted;
        counted = wanted;
      },
      release: () => {
        this.#held -= counted;
        counted = 0;
      },
    };
  }
}

/** The memory of one request's body, until it is authenticated. */
export interface PendingBody {
  /**
   * Counts so many bytes for this request, instead of those before.
   *
   * @throws ServerMiddlewareError `pending_bodies_full`
   */
  readonly hold: (bytes: number) => void;
  readonly release: () => void;
}

/** The limits within which a body is read; `authenticate` passes them to `readBody`. */
export interface BodyLimits {
  /** Bytes. */
  readonly limit: number;
  /** Milliseconds from here to the last byte. */
  readonly timeoutMs: number;
  /** Counts the bytes against the maximum of all requests. @default no maximum */
  readonly pending?: PendingBody | undefined;
}

/** A `Buffer`, without the types of Node.js: a program may be compiled without them. */
export interface BodyBytes extends Uint8Array {
  toString(encoding?: string): string;
}

/** The same bytes, not copied. */
export const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const NO_BODY = Buffer.alloc(0);
const MIN_CAPACITY = 4_096;

/**
 * Collects the chunks of one body. It holds at most twice the limit, whatever the size of the chunks: they are copied into one
 * buffer, which grows by doubling. A body of one chunk is not copied.
 */
export class BodyCollector {
  readonly #limits: Pick<BodyLimits, 'limit' | 'pending'>;
  readonly #maxCapacity: number;
  #buffer: Buffer = NO_BODY;
  #length = 0;

  /** With the declared length of the body, the buffer does not grow beyond it. */
  constructor(limits: Pick<BodyLimits, 'limit' | 'pending'>, declaredLength?: number) {
    this.#limits = limits;
    this.#maxCapacity = Math.min(limits.limit, declaredLength ?? limits.limit);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds a chunk, which must not change afterwards; returns the rejection of a body over the limit.
   *
   * @throws ServerMiddlewareError `pending_bodies_full`
   */
  add(chunk: Uint8Array): Rejection | undefined {
    const length = this.#length + chunk.length;
    if (length > this.#limits.limit) return REJECTIONS.body_too_large;
    if (this.#length === 0) {
      this.#limits.pending?.hold(length);
      this.#buffer = Buffer.from(chunk.buffer, chunk.byteOffset, length);
    } else {
      if (length > this.#buffer.length) this.#grow(length);
      this.#buffer.set(chunk, this.#length);
    }
    this.#length = length;
    return undefined;
  }

  /** Returns the bytes so far. */
  take(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const doubled = Math.max(MIN_CAPACITY, 2 * this.#buffer.length);
    const capacity = Math.max(length, Math.min(doubled, this.#maxCapacity));
    this.#limits.pending?.hold(capacity);
    const grown = Buffer.alloc(capacity);
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
