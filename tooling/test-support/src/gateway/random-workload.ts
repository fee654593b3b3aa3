import { setTimeout as delay } from 'node:timers/promises';
import { createSigningKey, signRequest, toDecimal } from '@cpg/protocol';
import { expect } from 'vitest';
import type { GatewayProcess } from '../gateway-process.ts';

const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

/** The share of each operation, in percent. */
const SHARES = {
  withdraw: 28,
  repeat: 16,
  confirm: 10,
  fail: 10,
  request: 6,
  deposit: 13,
  reverse: 5,
  mine: 5,
  balance: 6,
  audit: 1,
};

type Operation = keyof typeof SHARES;

const BAG = Object.entries(SHARES).flatMap(([name, share]) =>
  Array.from({ length: share }, () => name as Operation),
);

interface Order {
  readonly client_reference: string;
  readonly amount: string;
}

export interface RandomWorkloadOptions extends ReturnType<typeof signedCalls> {
  /** A random number below the given one. */
  readonly random: (below: number) => number;
  /** Rejects when a ledger invariant is violated. */
  readonly audit: () => Promise<void>;
}

/** Runs every operation that moves funds in random order, for any number of concurrent callers. */
export const createRandomWorkload = ({ call, sandbox, random, audit }: RandomWorkloadOptions) => {
  const pick = <T>(list: readonly T[]) => list[random(list.length)] as T;
  const orders: Order[] = [];
  const requests: number[] = [];
  const withdrawals = new Map<string, Set<unknown>>();
  const deposits: { readonly id: number; readonly amount: string }[] = [];
  const reversals = new Map<number, number>();
  let takenBack = toDecimal('0');
  const statuses = new Map<string, number>();
  let lost = 0;

  const note = (operation: string, { status, body }: ApiResponse) => {
    const outcome = status === 200 ? `${operation} 200` : `${operation} ${status} ${body.message}`;
    statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
  };
  const withdraw = async (order: Order) => {
    const body = { currency: 'USDT', network: 'ETH', to_address: ADDRESS, ...order };
    const response = await call('POST', '/v1/withdrawals', body);
    note('withdraw', response);
    if (response.status !== 200) return;
    const ids = withdrawals.get(order.client_reference) ?? new Set();
    withdrawals.set(order.client_reference, ids.add(response.body.data.withdrawal_id));
  };
  const settle = async (outcome: 'confirm' | 'fail') => {
    const ids = [...withdrawals.values()].slice(-50).flatMap((set) => [...set]);
    if (ids.length > 0) note(outcome, await sandbox(`/withdrawals/${String(pick(ids))}/${outcome}`));
  };

  const OPERATIONS: Readonly<Record<Operation, () => Promise<unknown>>> = {
    withdraw: () => {
      const order = {
        client_reference: `order-${orders.length}`,
        amount: `${10 + random(40)}.${random(1e6)}`,
      };
      orders.push(order);
      return withdraw(order);
    },
    repeat: async () => {
      if (orders.length > 0) await withdraw(pick(orders.slice(-20)));
    },
    confirm: () => settle('confirm'),
    fail: () => settle('fail'),
    request: async () => {
      const body = { currency: 'USDT', network: 'ETH', idempotency_key: `invoice-${random(50)}` };
      const response = await call('POST', '/v1/deposit-addresses', body);
      note('request', response);
      if (response.status === 200) requests.push(response.body.data.request_id as number);
    },
    deposit: async () => {
      const body = { request_id: pick(requests), amount: `${1 + random(30)}.${random(1e6)}` };
      if (requests.length === 0) return;
      const response = await sandbox('/deposits', body);
      note('deposit', response);
      if (response.status === 200)
        deposits.push({ id: response.body.data.id as number, amount: body.amount });
    },
    reverse: async () => {
      if (deposits.length === 0) return;
      // Of few, so that several callers take the same one back, or one that is not confirmed yet.
      const { id, amount } = pick(deposits.slice(-8));
      if (random(3) > 0) await sandbox(`/deposits/${id}/confirm`);
      // Before the request: the balance may show it before the response arrives.
      takenBack = takenBack.plus(amount);
      const response = await sandbox(`/deposits/${id}/reverse`);
      note('reverse', response);
      if (response.status === 200) reversals.set(id, (reversals.get(id) ?? 0) + 1);
      else takenBack = takenBack.minus(amount);
    },
    mine: async () => note('mine', await sandbox('/blocks', { network: 'ETH', blocks: 1 + random(3) })),
    balance: async () => {
      const response = await call('GET', '/v1/balances');
      note('balance', response);
      for (const row of response.body.data as unknown as Record<'balance' | 'held' | 'available', string>[]) {
        expect(toDecimal(row.balance).minus(row.held).equals(row.available)).toBe(true);
        expect(toDecimal(row.held).isNegative()).toBe(false);
        // Only a deposit that was spent and then taken back makes a balance negative.
        expect(toDecimal(row.available).plus(takenBack).isNegative()).toBe(false);
      }
    },
    audit,
  };
  const step = async () => {
    const name = pick(BAG);
    const known = orders.length;
    try {
      await OPERATIONS[name]();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // The process was killed: retry with the same reference, as a client must.
      lost += 1;
      const order = orders[known];
      if (name === 'withdraw' && order !== undefined) await withdraw(order);
    }
  };
  return {
    /** Runs one operation. */
    step,
    /** The withdrawal ids returned for each reference. */
    withdrawals,
    /** How often each deposit was taken back, by responses. */
    reversals,
    /** The number of responses by operation, status and message. */
    outcomes: () => Object.fromEntries(statuses),
    /** The number of requests whose response was lost. */
    lost: () => lost,
  };
};

export interface ApiResponse {
  readonly status: number;
  readonly body: { readonly message: string; readonly data: Record<string, unknown> };
}

export interface Caller {
  readonly keyId: string;
  readonly secret: string;
  /** The gateway of the next call. */
  readonly gateway: () => GatewayProcess;
  /** A random number below the given one. */
  readonly random: (below: number) => number;
}

const read = async (response: Response): Promise<ApiResponse> => ({
  status: response.status,
  body: (await response.json()) as ApiResponse['body'],
});

/** Sends again after a 503, as a client must: on a busy machine a gateway waits in vain for one of its connections. */
const untilAvailable = async (send: () => Promise<ApiResponse>): Promise<ApiResponse> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const response = await send();
    if (response.status !== 503) return response;
    await delay(100);
  }
  return send();
};

/** Calls the API and the sandbox of gateway processes, for any number of concurrent callers. */
export const signedCalls = ({ keyId, secret, gateway, random }: Caller) => {
  const key = createSigningKey(secret);
  let stamp = 0;
  return {
    call: (method: string, target: string, body?: unknown): Promise<ApiResponse> =>
      untilAvailable(async () => {
        const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        stamp = (stamp + 1) % 500;
        const timestamp = Math.floor(Date.now() / 1000) - 250 + stamp;
        // A unique target per request: equal requests would count as replays.
        const unique = `${target}?n=${random(2 ** 31)}`;
        const { headers } = signRequest({ keyId, key, method, target: unique, body: bytes, timestamp });
        const options = { method, headers: { ...headers, 'content-type': 'application/json' } };
        return read(await fetch(`${gateway().url}${unique}`, bytes ? { ...options, body: bytes } : options));
      }),
    sandbox: (path: string, body: unknown = {}): Promise<ApiResponse> =>
      untilAvailable(async () =>
        read(
          await fetch(`${gateway().operationsUrl}/_sandbox${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
        ),
      ),
  };
};

const RANGE = 2 ** 32;

/**
 * Numbers below a bound that look random and follow from a seed (mulberry32), so that a failure can be run
 * again.
 */
export const randomNumbers = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / RANGE) * below);
  };
};
