import { isIP } from 'node:net';
import { errorEnvelope, REJECTIONS } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import { isLocalHost } from '../address-range.ts';

export interface OperationsAccess {
  /** The address that the operations port listens on. */
  readonly host: string;
  /** Names that `Host` may say when the port listens on more than loopback; addresses and localhost always may. */
  readonly allowedHosts: readonly string[];
}

interface AccessRejection {
  readonly status: 403 | 404 | 415;
  readonly message: string;
}

// What proxies, load balancers and content delivery networks add to a request that they pass on.
const FORWARDED =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-original-.*|x-(?:real|client|cluster-client|proxyuser)-ip|(?:true-client|fastly-client|cf-connecting)-ip|cf-.*|cdn-loop|x-envoy-.*|x-azure-.*|x-arr-.*|x-amzn-trace-id|x-amz-cf-id|x-cloud-trace-context|x-appengine-.*|x-varnish|x-haproxy-.*|x-nginx-.*|(?:wl-)?proxy-client-ip|x-remote-(?:ip|addr)|x-host|x-scheme)$/;

const NOT_FOUND: AccessRejection = { status: 404, message: REJECTIONS.not_found.message };
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?$/i;

/** A request that something on this machine has passed on comes from elsewhere, although its socket is a local one. */
const isPassedOn = ({ headers, httpVersion }: Request): boolean =>
  // A plain proxy_pass of nginx speaks HTTP/1.0 and adds no header; curl, browsers and Prometheus speak HTTP/1.1.
  httpVersion === '1.0' || Object.keys(headers).some((name) => FORWARDED.test(name));

const hostnameOf = (host: string | undefined): string | undefined => {
  const name = HOST.exec(host ?? '')?.[1]?.toLowerCase();
  return name?.replace(/^\[|\]$/g, '');
};

/** Expects an address or localhost: any other name may be one that an attacker has rebound to this machine. */
const findHostFault = (
  { headers }: Request,
  access: OperationsAccess,
  isLocal: boolean,
): string | undefined => {
  const name = hostnameOf(headers.host);
  if (name !== undefined && isLocalHost(name)) return undefined;
  if (!isLocal && name !== undefined && (isIP(name) !== 0 || access.allowedHosts.includes(name)))
    return undefined;
  const expected = isLocal
    ? 'localhost or a loopback address'
    : 'an IP address or a name of CPG_OPERATIONS_ALLOWED_HOSTS';
  return `Host: expected ${expected}: got ${JSON.stringify(headers.host ?? '')}`;
};

/** Keeps the pages of other sites out, also those of another port of this machine. Tools outside a browser send neither header. */
const findSiteFault = ({
  headers: { host, origin, 'sec-fetch-site': site },
}: Request): string | undefined => {
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return `Sec-Fetch-Site: expected same-origin or none: got ${JSON.stringify(site)}`;
  return origin === undefined || origin === `http://${host}`
    ? undefined
    : `Origin: expected http://${host}: got ${JSON.stringify(origin)}`;
};

// Of the methods that change something, POST alone can come from another site without the browser asking first, as that of a
// form; no form can send this type.
const isJson = ({ headers }: Request): boolean =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';

const findRejection = (request: Request, access: OperationsAccess): AccessRejection | undefined => {
  const isLocal = isLocalHost(access.host);
  // A port that is opened to other machines on purpose may stand behind a proxy too.
  if (isLocal && (!isLocalHost(request.socket.remoteAddress ?? '') || isPassedOn(request))) return NOT_FOUND;
  const fault = findHostFault(request, access, isLocal) ?? findSiteFault(request);
  if (fault !== undefined) return { status: 403, message: fault };
  return request.method === 'POST' && !isJson(request)
    ? { status: 415, message: 'Content-Type: expected application/json, also without a body' }
    : undefined;
};

/**
 * Stands in front of everything on the operations port, which asks for no signature. On a loopback address, the default, it
 * serves direct requests of this machine only; on any address it keeps web pages of other sites and rebound names out.
 */
export const operationsGuard =
  (access: OperationsAccess): RequestHandler =>
  (request, response, next) => {
    const rejection = findRejection(request, access);
    if (rejection === undefined) next();
    else response.status(rejection.status).json(errorEnvelope(rejection.message));
  };
