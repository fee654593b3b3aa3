import { setTimeout as delay } from 'node:timers/promises';
import { createSigningKey, signRequest } from '@cpg/protocol';

export interface Tenant {
  readonly name: string;
  readonly keyId: string;
  readonly secret: string;
}

/** One response; `status` 0 for a lost connection. Times as of `performance.now()`. */
export interface Observed {
  readonly tenant: string;
  readonly url: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly status: number;
  /** Whether a 503 says when to retry. */
  readonly hasRetryAfter: boolean;
}

const PAUSE_MS = 40;
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

/**
 * Withdraws without a pause, one request at a time from each tenant to each gateway. A withdrawal that was not
 * acknowledged is sent again with its reference, as a client must. `name` is the start of the references.
 */
export const startTraffic = (
  tenants: readonly Tenant[],
  getUrls: () => readonly string[],
  name = 'direct',
) => {
  const observed: Observed[] = [];
  /** The id of each acknowledged withdrawal, by its reference. */
  const acknowledged = new Map<string, number>();
  let isStopped = false;
  let sent = 0;

  const withdraw = async (tenant: Tenant, url: string, client_reference: string) => {
    const { keyId, secret } = tenant;
    const order = { currency: 'USDT', network: 'ETH', amount: '10', to_address: ADDRESS, client_reference };
    const body = Buffer.from(JSON.stringify(order));
    sent += 1;
    const target = `/v1/withdrawals?${name}=${sent}`;
    const key = createSigningKey(secret);
    const timestamp = Math.floor(Date.now() / 1000);
    const { headers } = signRequest({ keyId, key, method: 'POST', target, body, timestamp });
    const sentAt = performance.now();
    const response = await fetch(`${url}${target}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    }).catch(() => undefined);
    const envelope = (await response?.json().catch(() => undefined)) as
      | { readonly data?: { readonly withdrawal_id: number } }
      | undefined;
    const status = envelope === undefined ? 0 : (response?.status ?? 0);
    const hasRetryAfter = response?.headers.has('retry-after') ?? false;
    observed.push({ tenant: tenant.name, url, sentAt, endedAt: performance.now(), status, hasRetryAfter });
    const id = envelope?.data?.withdrawal_id;
    if (status === 200 && id !== undefined) acknowledged.set(client_reference, id);
    return status;
  };

  const run = async (tenant: Tenant, gateway: number) => {
    for (let n = 0; !isStopped; n += 1) {
      const reference = `${name}-${tenant.name}-${gateway}-${n}`;
      while (!isStopped) {
        const status = await withdraw(tenant, getUrls()[gateway] ?? '', reference);
        await delay(PAUSE_MS);
        if (status !== 0 && status !== 503) break;
      }
    }
  };
  const runs = tenants.flatMap((tenant) => getUrls().map((_url, gateway) => run(tenant, gateway)));

  return {
    observed,
    acknowledged,
    /** Milliseconds from a time until each tenant has had a 200 from each gateway for a request sent after it. */
    waitForRecovery: async (sinceMs: number): Promise<number> => {
      const find = (tenant: Tenant, url: string) =>
        observed.find(
          (each) =>
            each.tenant === tenant.name && each.url === url && each.sentAt >= sinceMs && each.status === 200,
        );
      for (;;) {
        const found = tenants.flatMap((tenant) => getUrls().map((url) => find(tenant, url)));
        if (!found.includes(undefined)) return Math.max(...found.map((each) => each?.endedAt ?? 0)) - sinceMs;
        await delay(10);
      }
    },
    /** Milliseconds from a time until the last requests of each tenant, so many and all sent after it, got a 200. */
    waitForStreak: async (sinceMs: number, length: number): Promise<number> => {
      const getLast = ({ name: tenant }: Tenant) =>
        observed.filter((each) => each.tenant === tenant && each.sentAt >= sinceMs).slice(-length);
      const isStreak = (last: readonly Observed[]) =>
        last.length === length && last.every(({ status }) => status === 200);
      for (;;) {
        const found = tenants.map(getLast);
        if (found.every(isStreak)) return Math.max(...found.flat().map(({ endedAt }) => endedAt)) - sinceMs;
        await delay(10);
      }
    },
    /** Median of the milliseconds until a 200, so far. */
    measureRequest: (): number => {
      const times = observed.filter(({ status }) => status === 200).map((each) => each.endedAt - each.sentAt);
      return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
    },
    stop: async () => {
      isStopped = true;
      await Promise.all(runs);
    },
  };
};
