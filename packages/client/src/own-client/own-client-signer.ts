import { ProtocolError } from '@cpg/protocol';
import { parseBaseUrl } from '../base-url.ts';
import { type Credentials, createSigner } from '../client-options.ts';
import { CpgError } from '../errors/cpg-error.ts';
import { ANY, checkOptions, type OptionRules } from '../options.ts';
import type { RequestSigner, SignedOnce } from '../signing/request-signer.ts';
import { ServerClock } from '../signing/server-clock.ts';
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
