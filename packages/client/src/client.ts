import { endpoints, type Pong, type SuccessEnvelope } from '@cpg/protocol';
import type { CallOptions } from './call/call-scope.ts';
import { Caller, type RequestOptions } from './call/caller.ts';
import {
  type ClientContext,
  type ClientSettings,
  type Connection,
  createContext,
  mergeSettings,
  SETTINGS_RULES,
} from './call/context.ts';
import type { CpgCall } from './call/cpg-call.ts';
import { type AppInfo, checkAppInfo, checkHeaders, createUserAgent } from './call/headers.ts';
import { RatePacer } from './call/pacing.ts';
import { CpgError } from './errors.ts';
import {
  ANY,
  bindMethods,
  COUNT_FROM_1,
  checkOptions,
  methods,
  OBJECT,
  type OptionRules,
  parseBaseUrl,
  requireOption,
} from './guards.ts';
import { readVariable } from './platform.ts';
import { Balances, Currencies, HotWallet, Transactions } from './resources/account.ts';
import { DepositAddresses, DepositRequests } from './resources/deposits.ts';
import { Withdrawals } from './resources/withdrawals.ts';
import { type Credentials, createSigner } from './signing/request-signer.ts';
import { ServerClock } from './signing/server-clock.ts';
import { Closing, guardTime, systemTime, TIME_RULE, type Time } from './time.ts';
import { CONNECTION_RULES, type ConnectionOptions } from './transport/axios-transport.ts';
import { createDefaultTransport } from './transport/default-transport.ts';
import {
  type CallTransport,
  connectTransport,
  guardTransport,
  type Transport,
} from './transport/transport.ts';
import { webhooks } from './webhooks/webhook-receiver.ts';

/** The options of a {@link CpgClient}. */
export interface CpgClientOptions extends Credentials, ConnectionOptions, ClientSettings {
  /**
   * The gateway's origin without `/v1`, e.g. `https://api.example.com`. `http://` is accepted for loopback
   * only.
   */
  readonly baseUrl: string;
  /**
   * Requests that this client may send per epoch minute; further requests wait for the next minute. If other
   * processes use the same key, divide its limit between them. No limit by default.
   */
  readonly rateLimitPerMinute?: number | undefined;
  /** Your program, for the `User-Agent` header. */
  readonly appInfo?: AppInfo | undefined;
  /**
   * How requests are sent: `fetchTransport()`, `axiosTransport()` or your own. Axios by default in Node.js if it
   * is installed, otherwise `fetch`. The client does not close a transport that you pass in.
   */
  readonly transport?: Transport | undefined;
  /** Clock and timers. Replace them in tests. */
  readonly time?: Time | undefined;
}

/** Option rules of a client. Options with the rule `ANY` are checked where they are read. */
const CLIENT_RULES: OptionRules<CpgClientOptions> = {
  baseUrl: ANY,
  keyId: ANY,
  secret: ANY,
  rateLimitPerMinute: COUNT_FROM_1,
  appInfo: OBJECT,
  time: TIME_RULE,
  ...CONNECTION_RULES,
  transport: methods('send'),
  ...SETTINGS_RULES,
};

/** Checks the options and creates the objects that all calls share. */
const connect = (options: CpgClientOptions): Connection => {
  checkOptions('CpgClient', options, CLIENT_RULES);
  checkHeaders('CpgClient', options.headers);
  checkAppInfo('CpgClient', options.appInfo);
  const { origin, isLoopback } = parseBaseUrl(options.baseUrl);
  const time = guardTime(options.time ?? systemTime);
  const clock = new ServerClock(time);
  return {
    origin,
    clock,
    time,
    userAgent: createUserAgent(options.appInfo),
    signer: createSigner({ ...options, origin }, clock),
    pacer: createPacer(options.rateLimitPerMinute, clock),
    transport: createTransport(options, isLoopback),
  };
};

const getSettings = (options: ClientSettings): ClientSettings =>
  Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(SETTINGS_RULES, name)));

/** The options of clients made by `withOptions`, and the context each is derived from. */
const derivedFrom = new WeakMap<CpgClientOptions, ClientContext>();

const VARIABLES = { baseUrl: 'CPG_BASE_URL', keyId: 'CPG_KEY_ID', secret: 'CPG_SECRET' } as const;

const createTransport = (options: CpgClientOptions, isLoopback: boolean): CallTransport => {
  const { httpAgent, httpsAgent, proxy, transport } = options;
  if (transport === undefined) {
    return connectTransport(
      createDefaultTransport({ httpAgent, httpsAgent, proxy: proxy ?? (isLoopback ? false : undefined) }),
    );
  }
  const other = (['httpAgent', 'httpsAgent', 'proxy'] as const).find((name) => options[name] !== undefined);
  if (other !== undefined) {
    throw new CpgError(
      'invalid_configuration',
      `CpgClient: ${other} cannot be combined with transport. Fix: pass it to axiosTransport({ ${other} }).`,
    );
  }
  return guardTransport(transport);
};

const createPacer = (limit: number | undefined, clock: ServerClock): RatePacer | undefined =>
  limit === undefined ? undefined : new RatePacer(limit, () => clock.now());

/**
 * The client of the CPG payment API. Create one instance per key and keep it for the life of the program.
 *
 * Every method returns a promise of the response envelope. Amounts are decimal strings (see `toDecimal`).
 * Reads, and calls with an idempotency reference, are retried with a new signature. Logging a client does not
 * reveal its secret.
 */
export class CpgClient {
  readonly balances: Balances;
  readonly currencies: Currencies;
  readonly depositAddresses: DepositAddresses;
  readonly depositRequests: DepositRequests;
  readonly hotWallet: HotWallet;
  readonly transactions: Transactions;
  readonly withdrawals: Withdrawals;
  readonly webhooks = webhooks;
  readonly #context: ClientContext;
  readonly #caller: Caller;
  readonly #closing = new Closing();
  readonly #ownsTransport: boolean;

  /**
   * @throws CpgError `invalid_configuration` for an invalid option.
   * @example
   * const cpg = new CpgClient({ baseUrl: 'https://api.example.com', keyId: 'ck_1', secret });
   */
  constructor(options: CpgClientOptions) {
    const parent = derivedFrom.get(options);
    this.#context =
      parent === undefined
        ? createContext(connect(options), getSettings(options), [this.#closing])
        : createContext(parent, options, [...parent.closed, this.#closing]);
    this.#ownsTransport = parent === undefined;
    const caller = new Caller(this.#context);
    this.#caller = caller;
    this.balances = new Balances(caller);
    this.currencies = new Currencies(caller);
    this.depositAddresses = new DepositAddresses(caller);
    this.depositRequests = new DepositRequests(caller);
    this.hotWallet = new HotWallet(caller);
    this.transactions = new Transactions(caller);
    this.withdrawals = new Withdrawals(caller);
    bindMethods(this);
  }

  /**
   * Creates a client from the environment variables `CPG_BASE_URL`, `CPG_KEY_ID` and `CPG_SECRET`. `options`
   * are the other options, and may replace the three. `environment` replaces that of the process, e.g. with
   * the bindings of an edge worker.
   *
   * @throws CpgError `invalid_configuration` with the names of variables that are missing.
   * @example
   * const cpg = CpgClient.fromEnv({ maxRetries: 3 });
   */
  static fromEnv(
    options: Partial<CpgClientOptions> = {},
    environment?: Readonly<Record<string, unknown>>,
  ): CpgClient {
    requireOption('CpgClient.fromEnv: options', options, OBJECT);
    const read = (name: string): unknown =>
      environment === undefined ? readVariable(name) : environment[name];
    const found = Object.entries(VARIABLES).map(([name, variable]) => ({
      name,
      variable,
      value: options[name as keyof typeof VARIABLES] ?? read(variable),
    }));
    const missing = found.filter(({ value }) => value === undefined || value === '');
    if (missing.length > 0) {
      const names = missing.map(({ variable }) => variable).join(' and ');
      throw new CpgError(
        'invalid_configuration',
        `CpgClient.fromEnv: ${names} must be set in the environment, or passed as an option.`,
      );
    }
    const credentials = Object.fromEntries(found.map(({ name, value }) => [name, value]));
    return new CpgClient({ ...options, ...(credentials as Pick<CpgClientOptions, keyof typeof VARIABLES>) });
  }

  /**
   * A client with other settings that shares the key, the clock, the rate limit and the connections of this
   * one. Settings that are not given stay as they are; `headers` are merged. Closing it ends its own calls
   * only; closing this client ends those of both.
   *
   * @throws CpgError `invalid_configuration` for an invalid option.
   * @example
   * const patient = cpg.withOptions({ maxRetries: 10, deadlineMs: 600_000 });
   */
  withOptions(options: ClientSettings): CpgClient {
    checkOptions('withOptions', options, SETTINGS_RULES);
    checkHeaders('withOptions', options.headers);
    const settings = mergeSettings(this.#context.settings, options) as CpgClientOptions;
    derivedFrom.set(settings, this.#context);
    return new CpgClient(settings);
  }

  /** Milliseconds by which the gateway's clock is ahead of the local clock, as measured so far. */
  get clockOffsetMs(): number {
    return this.#context.clock.offsetMs;
  }

  /**
   * Checks key, secret and clock. Needs no permission.
   *
   * @example
   * await cpg.ping();
   */
  ping(options: CallOptions = {}): CpgCall<SuccessEnvelope<Pong>> {
    return this.#caller.call({ endpoint: endpoints.ping, given: {}, options });
  }

  /**
   * Sends a signed request to a target that this version has no method for, and returns the envelope of the
   * response, whose `data` is not checked. A GET is retried like any read. Any other method is retried only
   * with an `idempotencyReference`; after a lost response without one, the outcome is unknown.
   *
   * `target` is the path with its query as on the wire: percent-encoded, in the order to sign (wire protocol
   * §1.2). Hooks, logs and errors name the call by its method and path.
   *
   * @throws CpgError `invalid_request` for what cannot be signed; OutcomeUnknownError as for `withdrawals.create`.
   * @example
   * const { data } = await cpg.request<{ id: number }>('POST', '/v1/invoices', {
   *   body: { amount: '5', idempotency_key: 'invoice-7' },
   *   idempotencyReference: 'invoice-7',
   * });
   */
  request<Data = unknown>(
    method: string,
    target: string,
    options: RequestOptions = {},
  ): CpgCall<SuccessEnvelope<Data>> {
    return this.#caller.request<Data>({ method, target }, options);
  }

  /**
   * Ends all calls in flight with `client_closed` and closes the connections. Your own agents and transports
   * stay open.
   *
   * @example
   * process.once('SIGTERM', () => cpg.close());
   */
  close(): void {
    this.#closing.abort();
    if (this.#ownsTransport) this.#context.transport.close?.();
  }

  /**
   * Closes the client at the end of a `using` block.
   *
   * @example
   * using cpg = CpgClient.fromEnv();
   */
  [Symbol.dispose](): void {
    this.close();
  }
}
