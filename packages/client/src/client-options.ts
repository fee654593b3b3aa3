import { isKeyId, ProtocolError } from '@cpg/protocol';
import { parseBaseUrl } from './base-url.ts';
import { type CallOptions, limitsOf } from './call/call-options.ts';
import type { ClientContext } from './call/client-context.ts';
import { RatePacer } from './call/rate-pacer.ts';
import { CpgError } from './errors/cpg-error.ts';
import type { Hooks } from './hooks.ts';
import {
  ANY,
  COUNT_FROM_0,
  COUNT_FROM_1,
  checkOptions,
  FUNCTION,
  MILLISECONDS,
  methods,
  type OptionRule,
  type OptionRules,
  TEXT,
} from './options.ts';
import { isObject } from './platform.ts';
import { RequestSigner } from './signing/request-signer.ts';
import { ServerClock } from './signing/server-clock.ts';
import { guardTime, systemTime, TIME_RULE, type Time } from './time.ts';
import { AxiosTransport, type ConnectionOptions } from './transport/axios-transport.ts';

/** Who calls. */
export interface Credentials {
  readonly keyId: string;
  /** As it was shown: not trimmed, not decoded. */
  readonly secret: string;
}

export interface CpgClientOptions extends Credentials, ConnectionOptions, Hooks, Omit<CallOptions, 'signal'> {
  /** The gateway's origin, e.g. `https://api.example.com`, without `/v1`; `http://` for loopback alone. */
  readonly baseUrl: string;
  /**
   * Requests that this client may send in one epoch minute; more wait for the next. Leave some of the key's limit for
   * other processes. Not limited by default.
   */
  readonly rateLimitPerMinute?: number | undefined;
  /** Clock and timers, for tests. */
  readonly time?: Time | undefined;
}

const isAgent = methods('addRequest', 'destroy');
const PROXY: OptionRule = {
  accepts: (value) => value === false || (isObject(value) && TEXT.accepts(value.host)),
  expected: 'false or an object with host and port',
};

/** What `checkOptions` accepts for a client. What is `ANY` here is checked where it is read. */
const CLIENT_RULES: OptionRules<CpgClientOptions> = {
  baseUrl: ANY,
  keyId: ANY,
  secret: ANY,
  timeoutMs: MILLISECONDS,
  deadlineMs: MILLISECONDS,
  maxRetries: COUNT_FROM_0,
  rateLimitPerMinute: COUNT_FROM_1,
  time: TIME_RULE,
  httpAgent: isAgent,
  httpsAgent: isAgent,
  proxy: PROXY,
  onRequest: FUNCTION,
  onResponse: FUNCTION,
  onRetry: FUNCTION,
};

/** Checks the options and makes what all calls share. */
export const createContext = (options: CpgClientOptions, closed: AbortSignal): ClientContext => {
  checkOptions('CpgClient', options, CLIENT_RULES);
  const { origin, isLoopback } = parseBaseUrl(options.baseUrl);
  const time = guardTime(options.time ?? systemTime);
  const clock = new ServerClock(time);
  const { onRequest, onResponse, onRetry, httpAgent, httpsAgent } = options;
  const proxy = options.proxy ?? (isLoopback ? false : undefined);
  return {
    origin,
    clock,
    time,
    closed,
    limits: limitsOf(options),
    hooks: { onRequest, onResponse, onRetry },
    signer: createSigner(options, clock),
    pacer: createPacer(options.rateLimitPerMinute, clock),
    transport: new AxiosTransport({ httpAgent, httpsAgent, proxy }),
  };
};

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

const createPacer = (limit: number | undefined, clock: ServerClock): RatePacer | undefined =>
  limit === undefined ? undefined : new RatePacer(limit, () => clock.now());
