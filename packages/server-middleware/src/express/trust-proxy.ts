import { ServerMiddlewareError } from '../errors.ts';

/** The most proxies that a service plausibly has in front: a CDN, load balancers, an ingress and a sidecar. */
const MAX_PROXIES = 5;

// Hosts of access networks and universities, one in every sixteenth of the address space. None is in the ranges of a CDN or
// a cloud, which a service may well trust.
const PUBLIC_IPV4 = [
  ...['12.0.0.1', '24.60.0.1', '41.0.0.1', '58.0.0.1', '73.0.0.1', '81.128.0.1', '98.0.0.1'],
  ...['126.0.0.1', '134.58.64.12', '150.203.0.1', '171.64.7.115', '189.0.0.1', '196.21.0.1', '217.0.0.1'],
];
const PUBLIC_IPV6 = [
  ...['2003::1', '240e::1', '2405:6580::1', '2601::1'],
  ...['2804:14c::1', '2a01:e0a::1', '2a02:8108::1', '2c0f:f248::1'],
];
/** A single one may be the address of a real proxy. */
const MIN_TRUSTED = 2;

/** The part of an Express app that is asked. */
export interface AppWithSettings {
  get(setting: string): unknown;
}

/** Decides whether an address is that of a proxy; hop 0 is the peer of the connection. */
type TrustFunction = (address: string, hop: number) => unknown;

const mistakes = new WeakMap<TrustFunction, string | undefined>();

/**
 * Describes a `trust proxy` with which clients choose their address (`req.ip`), or returns `undefined`. Asks the function that
 * Express compiles the setting to, once for each setting, so that every way to write it counts: `true`, `() => true`, a number
 * above that of any real chain of proxies, ranges that cover the Internet.
 */
export const findTrustProxyMistake = (app: AppWithSettings): string | undefined => {
  const trust = app.get('trust proxy fn') as TrustFunction | undefined;
  if (typeof trust !== 'function') return undefined;
  if (!mistakes.has(trust)) mistakes.set(trust, findMistake(trust));
  return mistakes.get(trust);
};

const findMistake = (trust: TrustFunction): string | undefined => {
  const trustsPublic = (hop: number) =>
    [PUBLIC_IPV4, PUBLIC_IPV6].some(
      (addresses) => addresses.filter((address) => isTrusted(trust, address, hop)).length >= MIN_TRUSTED,
    );
  if (!trustsPublic(MAX_PROXIES)) return undefined;
  return trustsPublic(Number.MAX_SAFE_INTEGER)
    ? 'trusts public addresses as proxies'
    : `trusts more than ${MAX_PROXIES} proxies`;
};

const isTrusted = (trust: TrustFunction, address: string, hop: number): boolean => {
  try {
    return Boolean(trust(address, hop));
  } catch {
    return false; // It fails for requests too, which are then rejected.
  }
};

/**
 * Rejects a `trust proxy` with which clients choose the address that a whitelist or a limit is checked against.
 *
 * @throws ServerMiddlewareError `permissive_trust_proxy`
 */
export const assertTrustProxy = (app: AppWithSettings, use: string): void => {
  const mistake = findTrustProxyMistake(app);
  if (mistake === undefined) return;
  throw new ServerMiddlewareError(
    'permissive_trust_proxy',
    `${use}, but "trust proxy" ${mistake}: a client can choose its address with X-Forwarded-For. Name the proxies in front of the service instead: their exact number, app.set('trust proxy', 1), or their addresses.`,
  );
};
