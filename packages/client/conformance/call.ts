import { type CpgCall, CpgClient, type CpgClientOptions, CpgError, type Time } from '@cpg/client';
import { decodeText } from './commands.ts';

export interface CallCommand {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly secretB64: string;
  readonly operation: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Unix seconds. Defaults to the system's clock. */
  readonly now?: number;
  /** Defaults to the client's own timeout. */
  readonly timeoutMs?: number;
}

interface KeptClient {
  readonly client: CpgClient;
  /** The client's clock, if commands set the time. */
  readonly time: SimulatedTime;
}

const clients = new Map<string, KeptClient>();

/** One client per base URL and key, as in a real program, and another one for commands that set the time. */
const getClient = (options: CpgClientOptions, isSimulated: boolean): KeptClient => {
  const name = JSON.stringify([options, isSimulated]);
  const known = clients.get(name);
  if (known !== undefined) return known;
  const time = new SimulatedTime();
  const client = new CpgClient({ ...options, ...(isSimulated ? { time } : {}) });
  clients.set(name, { client, time });
  return { client, time };
};

/** Makes one call with default settings and reports its outcome. */
export const call = async (command: CallCommand) => {
  const { baseUrl, keyId, secretB64, operation, args = {}, now, timeoutMs } = command;
  const run = operations[operation];
  if (run === undefined) return { error: `Unknown operation ${operation}.` };
  let kept: KeptClient | undefined;
  const elapsed = () =>
    now === undefined || kept === undefined ? {} : { elapsed: kept.time.elapsedMs / 1000 };
  try {
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    kept = getClient({ baseUrl, keyId, secret: decodeText(secretB64), ...limit }, now !== undefined);
    const { client, time } = kept;
    if (now !== undefined) time.set(now * 1000);
    const { result, response } = await run(client, args as never).withResponse();
    return { ok: true, data: result.data, attempts: response.attempts, ...elapsed() };
  } catch (error) {
    if (!CpgError.is(error)) throw error;
    const { code, rejection, status, wireMessage, attempts } = error;
    return {
      ok: false,
      error: { kind: rejection ?? code, code, status, message: wireMessage ?? error.message },
      attempts,
      ...elapsed(),
    };
  }
};

type Operation = (client: CpgClient, args: never) => CpgCall<{ readonly data: unknown }>;

type Id = number | string;
type BalanceFilters = Parameters<CpgClient['balances']['list']>[0];
type WithdrawalBody = Parameters<CpgClient['withdrawals']['create']>[0];
type DepositAddressBody = Parameters<CpgClient['depositAddresses']['create']>[0];
type HotWalletQuery = Parameters<CpgClient['hotWallet']['get']>[0];
type TransactionFilters = Parameters<CpgClient['transactions']['list']>[0];

/** The client's operations by their names in the wire protocol. */
export const operations: Readonly<Record<string, Operation>> = {
  ping: (client) => client.ping(),
  'balances.list': (client, args: BalanceFilters) => client.balances.list(args),
  'currencies.list': (client) => client.currencies.list(),
  'depositAddresses.create': (client, args: DepositAddressBody) => client.depositAddresses.create(args),
  'depositRequests.get': (client, { request_id }: { readonly request_id: Id }) =>
    client.depositRequests.get(request_id),
  'hotWallet.get': (client, args: HotWalletQuery) => client.hotWallet.get(args),
  'transactions.list': (client, args: TransactionFilters) => client.transactions.list(args),
  'withdrawals.create': (client, args: WithdrawalBody) => client.withdrawals.create(args),
  'withdrawals.get': (client, { withdrawal_id }: { readonly withdrawal_id: Id }) =>
    client.withdrawals.get(withdrawal_id),
};

/** A clock that commands set and that `sleep` advances without waiting. */
export class SimulatedTime implements Time {
  #now = 0;
  #start = 0;

  /** Milliseconds slept since the clock was set. */
  get elapsedMs(): number {
    return this.#now - this.#start;
  }

  /** Unix milliseconds. */
  set(now: number): void {
    this.#start = now;
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#now += milliseconds;
  }
}
