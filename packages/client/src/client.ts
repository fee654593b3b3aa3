import { endpoints, type ResponseOf } from '@cpg/protocol';
import { type CallOptions, resolveLimits } from './call/call-scope.ts';
import { Caller } from './call/caller.ts';
import type { ClientContext, Hooks } from './call/context.ts';
import type { CpgCall } from './call/cpg-call.ts';
import { RatePacer } from './call/pacing.ts';
import { CpgError } from './errors.ts';
import {
  ANY,
  bindMethods,
  COUNT_FROM_0,
  COUNT_FROM_1,
  checkOptions,
  FUNCTION,
  MILLISECONDS,
  methods,
  type OptionRules,
  parseBaseUrl,
} from './guards.ts';
import { Balances, Currencies, HotWallet, Transactions } from './resources/account.ts';
import { DepositAddresses, DepositRequests } from './resources/deposits.ts';
import { Withdrawals } from './resources/withdrawals.ts';
import { type Credentials, createSigner, UNIQUE_READS, type UniqueReads } from './signing/request-signer.ts';
import { ServerClock } from './signing/server-clock.ts';
import { guardTime, systemTime, TIME_RULE, type Time } from './time.ts';
import { CONNECTION_RULES, type ConnectionOptions } from './transport/axios-transport.ts';
import { createDefaultTransport } from './transport/default-transport.ts';
import { guardTransport, type Transport } from './transport/transport.ts';
import { webhooks } from './webhooks/webhook-receiver.ts';

/** The options of a {@link CpgClient}. */
export interface CpgClientOptions extends Credentials, ConnectionOptions, Hooks, Omit<CallOptions, 'signal'> {
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
  /**
   * Whether a read that equals another one of the same second gets an extra query parameter `_`, which the
   * gateway ignores, because it accepts each signature once. `never` gives it a later timestamp instead, and
   * makes it wait when those are used up. @default 'auto'
   */
  readonly uniqueReads?: UniqueReads | undefined;
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
  timeoutMs: MILLISECONDS,
  deadlineMs: MILLISECONDS,
  maxRetries: COUNT_FROM_0,
  rateLimitPerMinute: COUNT_FROM_1,
  uniqueReads: UNIQUE_READS,
  time: TIME_RULE,
  ...CONNECTION_RULES,
  transport: methods('send'),
  onRequest: FUNCTION,
  onResponse: FUNCTION,
  onRetry: FUNCTION,
};

/** Checks the options and creates the objects that all calls share. */
const createContext = (options: CpgClientOptions, closed: AbortSignal): ClientContext => {
  checkOptions('CpgClient', options, CLIENT_RULES);
  const { origin, isLoopback } = parseBaseUrl(options.baseUrl);
  const time = guardTime(options.time ?? systemTime);
  const clock = new ServerClock(time);
  const { onRequest, onResponse, onRetry } = options;
  return {
    origin,
    clock,
    time,
    closed,
    limits: resolveLimits(options),
    hooks: { onRequest, onResponse, onRetry },
    uniqueReads: options.uniqueReads,
    signer: createSigner({ ...options, origin }, clock),
    pacer: createPacer(options.rateLimitPerMinute, clock),
    transport: createTransport(options, isLoopback),
  };
};

const createTransport = (options: CpgClientOptions, isLoopback: boolean): Transport => {
  const { httpAgent, httpsAgent, proxy, transport } = options;
  if (transport === undefined) {
    return createDefaultTransport({
      httpAgent,
      httpsAgent,
      proxy: proxy ?? (isLoopback ? false : undefined),
    });
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
  readonly #closing = new AbortController();

  /** @throws CpgError `invalid_configuration` for an invalid option. */
  constructor(options: CpgClientOptions) {
    this.#context = createContext(options, this.#closing.signal);
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

  /** Milliseconds by which the gateway's clock is ahead of the local clock, as measured so far. */
  get clockOffsetMs(): number {
    return this.#context.clock.offsetMs;
  }

  /** Checks key, secret and clock. Needs no permission. */
  ping(options: CallOptions = {}): CpgCall<ResponseOf<typeof endpoints.ping>> {
    return this.#caller.call({ endpoint: endpoints.ping, given: {}, options });
  }

  /** Ends all calls in flight with `client_closed` and closes the connections. Your own agents stay open. */
  close(): void {
    this.#closing.abort();
    this.#context.transport.close?.();
  }
}
