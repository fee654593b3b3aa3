import type { IncomingMessage } from 'node:http';
import { ServerMiddlewareError } from '../errors.ts';
import { type AppWithSettings, assertTrustProxy } from '../express/trust-proxy.ts';

// More public proxies than a service plausibly has in front.
const CHAIN = ['12.0.0.1', '24.60.0.1', '41.0.0.1', '58.0.0.1', '81.128.0.1', '98.0.0.1', '126.0.0.1'];
const PEER = '217.0.0.1';

interface ProxySettings {
  /** The framework's setting, as the user writes it. */
  readonly setting: string;
  /** Code that fixes it. */
  readonly fix: string;
  /** Returns the client's address as the framework takes it from a peer and a value of `X-Forwarded-For`. */
  readonly getClientIp: (peer: string, forwardedFor: string) => string | undefined;
}

/** Asks the framework about a chain of public addresses, in which clients choose the first. */
const assertProxySettings = ({ setting, fix, getClientIp }: ProxySettings): void => {
  if (getClientIp(PEER, CHAIN.join(', ')) !== CHAIN[0]) return;
  throw new ServerMiddlewareError(
    'permissive_trust_proxy',
    `Keys have source IP whitelists, but with ${setting} a client can choose its address with X-Forwarded-For. Name the proxies in front of the service instead: ${fix}.`,
  );
};

/**
 * Returns the client's address as Fastify's `trustProxy` says, for keys with a whitelist.
 *
 * @throws ServerMiddlewareError `permissive_trust_proxy` if clients choose it.
 */
export const getFastifyClientIp = (request: { readonly ip: string }): string => {
  assertProxySettings({
    setting: 'trustProxy',
    fix: "fastify({ trustProxy: '10.0.0.7' })",
    getClientIp: (remoteAddress, forwardedFor) => {
      const raw = { value: { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwardedFor } } };
      return (Object.create(request, { raw }) as typeof request).ip;
    },
  });
  return request.ip;
};

interface KoaRequest {
  readonly ip: string;
  readonly ips: readonly string[];
  readonly app: { readonly proxyIpHeader: string };
}

/** Does the same for Koa's `app.proxy` and `app.maxIpsCount`. */
export const getKoaClientIp = (request: KoaRequest): string => {
  assertProxySettings({
    setting: 'app.proxy',
    fix: 'app.maxIpsCount = 1, if there is one',
    getClientIp: (_peer, forwardedFor) => {
      const req = { value: { headers: { [request.app.proxyIpHeader.toLowerCase()]: forwardedFor } } };
      return (Object.create(request, { req }) as KoaRequest).ips[0];
    },
  });
  return request.ip;
};

/** Does the same for Nest: Express, and Fastify's middleware, set `ip` as their proxy settings say. */
export const getNestClientIp = (request: IncomingMessage): string | undefined => {
  const { app, ip } = request as IncomingMessage & { readonly app?: AppWithSettings; readonly ip?: string };
  if (app !== undefined) assertTrustProxy(app, 'Keys have source IP whitelists');
  return ip;
};
