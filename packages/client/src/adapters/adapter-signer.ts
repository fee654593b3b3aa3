import { types } from 'node:util';
import { ProtocolError } from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { ANY, checkOptions, type OptionRules, parseBaseUrl } from '../guards.ts';
import { bytesOf, isObject } from '../platform.ts';
import {
  type Credentials,
  createSigner,
  type RequestSigner,
  ServerClock,
  type SignedOnce,
} from '../signing/request-signer.ts';
import { guardTime, systemTime, TIME_RULE, type Time } from '../time.ts';

export interface OwnClientCredentials extends Credentials {
  /** The gateway's origin; requests to any other are refused, so that no signature leaves for elsewhere. */
  readonly baseUrl: string;
  /** Clock and timers, for tests. */
  readonly time?: Time | undefined;
}

/** A request of somebody else's HTTP client, just before it is sent. */
export interface OwnRequest {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The address to hand on, which no URL parser will change any more, and what was signed. */
export interface OwnSignedRequest {
  readonly url: string;
  readonly signed: SignedOnce;
  readonly sentAt: number;
}

const RULES: OptionRules<OwnClientCredentials> = { baseUrl: ANY, keyId: ANY, secret: ANY, time: TIME_RULE };

const NEVER = new AbortController().signal;
const OUTSIDE_WINDOW = 'Request timestamp is outside the allowed window';

/** Signer and clock for people who bring their own HTTP client. */
export class OwnClientSigner {
  readonly #origin: string;
  readonly #time: Time;
  readonly #clock: ServerClock;
  readonly #signer: RequestSigner;

  /** @throws CpgError `invalid_configuration` for credentials that cannot be used. */
  constructor(owner: string, credentials: OwnClientCredentials) {
    checkOptions(owner, credentials, RULES);
    this.#origin = parseBaseUrl(credentials.baseUrl).origin;
    this.#time = guardTime(credentials.time ?? systemTime);
    this.#clock = new ServerClock(this.#time);
    this.#signer = createSigner(credentials, this.#clock);
  }

  /** @throws CpgError `invalid_request` for another origin, or a URL that has no signable target. */
  async sign({ method, url: given, body, signal = NEVER }: OwnRequest): Promise<OwnSignedRequest> {
    const url = new URL(given, this.#origin);
    if (url.origin !== this.#origin) {
      throw new CpgError(
        'invalid_request',
        `Only requests to ${this.#origin} are signed: got one to ${url.origin}.`,
      );
    }
    // The one character that URL parsers leave in a query and the contract forbids.
    const target = `${url.pathname}${url.search.replaceAll('\\', '%5C')}`;
    try {
      const sleep = (milliseconds: number) => this.#time.sleep(milliseconds, signal);
      const signed = await this.#signer.sign({ method: method.toUpperCase(), target, body }, { sleep });
      return { url: `${this.#origin}${target}`, signed, sentAt: this.#time.now() };
    } catch (error) {
      if (ProtocolError.is(error)) throw new CpgError('invalid_request', error.message);
      throw error;
    }
  }

  /** Learns the clock from an answer: a success, or the gateway's own refusal of the timestamp. */
  observe(answer: {
    readonly sentAt: number;
    readonly status: number;
    readonly message: unknown;
    readonly date: string | undefined;
    readonly age: string | undefined;
  }): void {
    const isClockError = answer.status === 401 && answer.message === OUTSIDE_WINDOW;
    const isSuccess = answer.status >= 200 && answer.status < 300;
    if (isSuccess || isClockError) this.#clock.learn({ ...answer, receivedAt: this.#time.now() });
  }
}

/** The `message` of an error envelope, given as text, bytes or parsed; `undefined` when there is none. */
export const readMessage = (data: unknown): unknown => {
  if (typeof data === 'object' && data !== null && 'message' in data) return data.message;
  const text = bytesOf(data)?.toString('utf8') ?? data;
  if (typeof text !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'message' in parsed ? parsed.message : undefined;
  } catch {
    return undefined;
  }
};

export const REDACTED = '[redacted]';

// Far above what one response leads to; a bound on the time for an object that leads to a whole program.
const MAX_VISITED = 20_000;

/**
 * Replaces a text in every property that can be reached from a value, symbols and hidden properties among them, getters
 * aside. For responses and errors of HTTP libraries that keep what they sent in places of their own.
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
    if (types.isMap(value)) pending.push(...redactMap(value, text));
    if (types.isSet(value)) pending.push(...value);
  }
};

/** The values of all data properties, after those that contain the text were replaced. */
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
