import { ProtocolError, REJECTIONS } from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { ANY, checkOptions, type OptionRules, parseBaseUrl } from '../guards.ts';
import { isMap, isObject, isSet } from '../platform.ts';
import {
  type Credentials,
  createSigner,
  isReadMethod,
  type RequestSigner,
  type SignedOnce,
  UNIQUE_READS,
  type UniqueReads,
} from '../signing/request-signer.ts';
import { ServerClock } from '../signing/server-clock.ts';
import { guardTime, systemTime, TIME_RULE, type Time } from '../time.ts';

/** The options of `signAxios` and `signFetch`. */
export interface SigningCredentials extends Credentials {
  /** The gateway's origin. Requests to any other origin are rejected, so no signature is sent elsewhere. */
  readonly baseUrl: string;
  /**
   * Whether a read that equals another one of the same second gets an extra query parameter `_`, which the
   * gateway ignores, because it accepts each signature once. `never` gives it a later timestamp instead, and
   * makes it wait when those are used up. @default 'auto'
   */
  readonly uniqueReads?: UniqueReads | undefined;
  /** Clock and timers. Replace them in tests. */
  readonly time?: Time | undefined;
}

/** A request of another HTTP client, just before it is sent. */
interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array | undefined;
  /** Ends the wait for a timestamp. */
  readonly signal: AbortSignal;
  /** Whether the gateway rejected the first attempt because its signature was used before. */
  readonly wasReplayed: boolean;
}

/** The URL to request, in a form that URL parsers leave unchanged, and its signature. */
export interface SignedOutgoingRequest {
  readonly url: string;
  /** The same without the extra parameter of a unique read. */
  readonly plainUrl: string;
  readonly signed: SignedOnce;
  /** Clock offset in milliseconds at the time of signing. */
  readonly offsetMs: number;
  readonly sentAt: number;
}

const RULES: OptionRules<SigningCredentials> = {
  baseUrl: ANY,
  keyId: ANY,
  secret: ANY,
  uniqueReads: UNIQUE_READS,
  time: TIME_RULE,
};

/**
 * Signs the requests of another HTTP client and follows the gateway's clock. Shared by `signAxios` and
 * `signFetch`.
 */
export class AdapterSigner {
  readonly #origin: string;
  readonly #time: Time;
  readonly #clock: ServerClock;
  readonly #signer: RequestSigner;
  readonly #uniqueReads: UniqueReads | undefined;

  /** @throws CpgError `invalid_configuration` for credentials that cannot be used. */
  constructor(owner: string, credentials: SigningCredentials) {
    checkOptions(owner, credentials, RULES);
    this.#origin = parseBaseUrl(credentials.baseUrl).origin;
    this.#time = guardTime(credentials.time ?? systemTime);
    this.#clock = new ServerClock(this.#time);
    this.#signer = createSigner({ ...credentials, origin: this.#origin }, this.#clock);
    this.#uniqueReads = credentials.uniqueReads;
  }

  /** @throws CpgError `invalid_request` for another origin, or for a URL that cannot be a request target. */
  async sign({
    method,
    url: given,
    body,
    signal,
    wasReplayed,
  }: OutgoingRequest): Promise<SignedOutgoingRequest> {
    const url = new URL(given, this.#origin);
    if (url.origin !== this.#origin) {
      throw new CpgError(
        'invalid_request',
        `Only requests to ${this.#origin} can be signed: got ${url.origin}.`,
      );
    }
    // URL parsers keep a backslash in a query; wire protocol §1.2 forbids it.
    const target = `${url.pathname}${url.search.replaceAll('\\', '%5C')}`;
    try {
      const sleep = (milliseconds: number) => this.#time.sleep(milliseconds, signal);
      const request = { method: method.toUpperCase(), target, body };
      const signed = await this.#signer.sign(request, { sleep, wasReplayed, uniqueReads: this.#uniqueReads });
      const plainUrl = `${this.#origin}${target}`;
      const { offsetMs } = this.#clock;
      return { url: `${this.#origin}${signed.target}`, plainUrl, signed, offsetMs, sentAt: this.#time.now() };
    } catch (error) {
      if (ProtocolError.is(error)) throw new CpgError('invalid_request', error.message);
      throw error;
    }
  }

  /**
   * Whether to send a read again: the gateway has seen its signature before, from another process with the
   * same key.
   */
  shouldRepeat({ method, status, message }: ReceivedResponse): boolean {
    const { signature_already_used: used } = REJECTIONS;
    const isReplayed = status === used.status && message === used.message;
    return isReplayed && isReadMethod(method) && this.#uniqueReads !== 'never';
  }

  /**
   * Updates the clock offset from a response that the gateway itself sent: a success, or its rejection of the
   * timestamp.
   */
  observe(response: {
    readonly request: SignedOutgoingRequest;
    readonly status: number;
    readonly message: unknown;
    readonly date: string | undefined;
    readonly age: string | undefined;
  }): void {
    const { timestamp_outside_window: outside } = REJECTIONS;
    const isClockError = response.status === outside.status && response.message === outside.message;
    const isSuccess = response.status >= 200 && response.status < 300;
    if (!isSuccess && !isClockError) return;
    const { sentAt, offsetMs, signed } = response.request;
    const timestamp = Number(signed.timestamp);
    const sample = { ...response, timestamp, offsetMs, sentAt, receivedAt: this.#time.now() };
    if (isSuccess) this.#clock.learn(sample);
    else this.#clock.correct(sample);
  }
}

/** What decides whether a request is sent again. */
interface ReceivedResponse {
  readonly method: string;
  readonly status: number;
  /** The envelope's `message`, if there was one. */
  readonly message: unknown;
}

export const REDACTED = '[redacted]';

// Far more objects than one response refers to. Limits the time spent on an object that refers to a whole
// program.
const MAX_VISITED = 20_000;

/**
 * Replaces a text in every data property that can be reached from a value, including symbols and
 * non-enumerable properties. HTTP libraries keep copies of sent headers in many places of their responses and
 * errors.
 */
export const redactReachable = (root: unknown, text: string): void => {
  const seen = new Set<unknown>();
  const pending: unknown[] = [root];
  while (pending.length > 0 && seen.size < MAX_VISITED) {
    const value = pending.pop();
    if ((!isObject(value) && typeof value !== 'function') || ArrayBuffer.isView(value) || seen.has(value))
      continue;
    seen.add(value);
    pending.push(...redactOwn(value, text));
    if (isMap(value)) pending.push(...redactMap(value, text));
    if (isSet(value)) pending.push(...value);
  }
};

/** Replaces the text in the object's own properties and returns their other values. */
const redactOwn = (owner: object, text: string): unknown[] =>
  Reflect.ownKeys(owner).flatMap((key) => {
    const property = Reflect.getOwnPropertyDescriptor(owner, key);
    if (property === undefined || !('value' in property)) return [];
    const value: unknown = property.value;
    if (typeof value !== 'string') return [value];
    if (value.includes(text)) replace(owner, { key, property, value: value.replaceAll(text, REDACTED) });
    return [];
  });

interface Replacement {
  readonly key: PropertyKey;
  readonly property: PropertyDescriptor;
  readonly value: string;
}

const replace = (owner: object, { key, property, value }: Replacement): void => {
  if (property.writable) Reflect.set(owner, key, value);
  else if (property.configurable) Reflect.defineProperty(owner, key, { ...property, value });
};

const redactMap = (map: Map<unknown, unknown>, text: string): unknown[] => {
  for (const [key, value] of map) {
    if (typeof value === 'string' && value.includes(text)) map.set(key, value.replaceAll(text, REDACTED));
  }
  return [...map.keys(), ...map.values()];
};
