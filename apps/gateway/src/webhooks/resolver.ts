import { type LookupAddress, lookup, Resolver } from 'node:dns';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Finds the addresses of a host. */
export type ResolveHost = (hostname: string, source?: 'dns' | 'system') => Promise<readonly LookupAddress[]>;

export interface ResolverOptions {
  /** DNS servers, `address` or `address:port`. @default those of the system */
  readonly servers?: readonly string[];
  /** After which a look-up fails, in milliseconds. @default 5000 */
  readonly deadlineMs?: number;
}

const DEFAULT_DEADLINE_MS = 5_000;
const QUERY_TIMEOUT_MS = 1_500;
const TRIES = 2;
// Some servers answer one of the two record types only.
const OTHER_FAMILY_MS = 250;
// Of the four threads that Node has for look-ups and files.
const SYSTEM_LOOKUPS = 2;

/**
 * Creates a resolver that asks DNS servers itself (c-ares), so that a server that never answers occupies no
 * thread. `system` look-ups also know the hosts file and search domains, as needed for the hosts of the
 * operator; at most two run at a time. Concurrent look-ups of one host are one, and each has a deadline.
 */
export const createResolver = ({
  servers = [],
  deadlineMs = DEFAULT_DEADLINE_MS,
}: ResolverOptions = {}): ResolveHost => {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  const sources = { dns: (hostname: string) => queryBoth(resolver, hostname), system: createSystemLookup() };
  const inFlight = new Map<string, Promise<readonly LookupAddress[]>>();
  return (hostname, source = 'dns') => {
    const id = `${source} ${hostname}`;
    const shared = inFlight.get(id) ?? sources[source](hostname).finally(() => inFlight.delete(id));
    inFlight.set(id, shared);
    return withDeadline(shared, hostname, deadlineMs);
  };
};

const withDeadline = async <T>(work: Promise<T>, hostname: string, deadlineMs: number): Promise<T> => {
  const timer = new AbortController();
  const expired = wait(deadlineMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`DNS did not answer for ${hostname} within ${deadlineMs / 1000} s`);
  });
  // Aborted once the work is done, when no one waits for it any more.
  expired.catch(() => undefined);
  try {
    return await Promise.race([work, expired]);
  } finally {
    timer.abort();
  }
};

/** Asks for IPv4 and IPv6 addresses at once. */
const queryBoth = async (resolver: Resolver, hostname: string): Promise<readonly LookupAddress[]> => {
  const found: LookupAddress[] = [];
  const query = async (family: 4 | 6) => {
    const resolve = (family === 4 ? resolver.resolve4 : resolver.resolve6).bind(resolver);
    const addresses = await promisify<string, string[]>(resolve)(hostname);
    found.push(...addresses.map((address) => ({ address, family })));
  };
  const queries = [query(4), query(6)];
  await Promise.any(queries).catch(({ errors }: AggregateError) => {
    throw errors[0];
  });
  await Promise.race([Promise.allSettled(queries), wait(OTHER_FAMILY_MS, undefined, { ref: false })]);
  return [...found];
};

const createSystemLookup = () => {
  const lanes = Array.from({ length: SYSTEM_LOOKUPS }, () => Promise.resolve<unknown>(undefined));
  let turn = 0;
  return (hostname: string): Promise<readonly LookupAddress[]> => {
    turn = (turn + 1) % SYSTEM_LOOKUPS;
    const result = (lanes[turn] as Promise<unknown>).then(() => promisify(lookup)(hostname, { all: true }));
    lanes[turn] = result.catch(() => undefined);
    return result;
  };
};
