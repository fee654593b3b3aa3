import { isIP } from 'node:net';
import { errorEnvelope, REJECTIONS } from '@cpg/protocol';
import type { Request, RequestHandler } from 'express';
import { isLocalHost } from '../address-range.ts';

export interface OperationsAccess {
  /** The address the operations port listens on. */
  readonly host: string;
  /** Allowed `Host` names when the port is not on loopback. IP addresses and localhost are always allowed. */
  readonly allowedHosts: readonly string[];
}

interface AccessRejection {
  readonly status: 403 | 404 | 415;
  readonly message: string;
}

// Headers that proxies, load balancers and content delivery networks add to forwarded requests.
const FORWARDED =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-original-.*|x-(?:real|client|cluster-client|proxyuser)-ip|(?:true-client|fastly-client|cf-connecting)-ip|cf-.*|cdn-loop|x-envoy-.*|x-azure-.*|x-arr-.*|x-amzn-trace-id|x-amz-cf-id|x-cloud-trace-context|x-appengine-.*|x-varnish|x-haproxy-.*|x-nginx-.*|(?:wl-)?proxy-client-ip|x-remote-(?:ip|addr)|x-host|x-scheme)$/;

const NOT_FOUND: AccessRejection = { status: 404, message: REJECTIONS.not_found.message };
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?$/i;

/** Whether a proxy on this machine forwarded the request: its socket is local, but its origin is not. */
const isForwarded = ({ headers, httpVersion }: Request): boolean =>
  // By default nginx forwards with HTTP/1.0 and without headers; curl, browsers and Prometheus use HTTP/1.1.
  httpVersion === '1.0' || Object.keys(headers).some((name) => FORWARDED.test(name));

const parseHostname = (host: string | undefined): string | undefined => {
  const name = HOST.exec(host ?? '')?.[1]?.toLowerCase();
  return name?.replace(/^\[|\]$/g, '');
};

/** Only addresses and localhost are accepted: any other name may be subject to DNS rebinding. */
const findHostProblem = (
  { headers }: Request,
  access: OperationsAccess,
  isLocal: boolean,
): string | undefined => {
  const name = parseHostname(headers.host);
  if (name !== undefined && isLocalHost(name)) return undefined;
  if (!isLocal && name !== undefined && (isIP(name) !== 0 || access.allowedHosts.includes(name)))
    return undefined;
  const expected = isLocal
    ? 'localhost or a loopback address'
    : 'an IP address or a name of CPG_OPERATIONS_ALLOWED_HOSTS';
  return `Host: expected ${expected}: got ${JSON.stringify(headers.host ?? '')}`;
};

/**
 * Rejects pages of other sites, including other ports of this machine. Non-browser tools send neither header.
 */
const findSiteProblem = ({
  headers: { host, origin, 'sec-fetch-site': site },
}: Request): string | undefined => {
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return `Sec-Fetch-Site: expected same-origin or none: got ${JSON.stringify(site)}`;
  return origin === undefined || origin === `http://${host}`
    ? undefined
    : `Origin: expected http://${host}: got ${JSON.stringify(origin)}`;
};

// POST is the only unsafe method that a page of another site can send without a CORS preflight, through a
// form. A form cannot send this content type.
const isJson = ({ headers }: Request): boolean =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';

const findRejection = (request: Request, access: OperationsAccess): AccessRejection | undefined => {
  const isLocal = isLocalHost(access.host);
  // A port that is open to other machines on purpose may be behind a proxy.
  if (isLocal && (!isLocalHost(request.socket.remoteAddress ?? '') || isForwarded(request))) return NOT_FOUND;
  const problem = findHostProblem(request, access, isLocal) ?? findSiteProblem(request);
  if (problem !== undefined) return { status: 403, message: problem };
  return request.method === 'POST' && !isJson(request)
    ? { status: 415, message: 'Content-Type: expected application/json, also without a body' }
    : undefined;
};

/**
 * Guards the operations port, which requires no signature. On a loopback address, the default, it only
 * accepts direct requests from this machine. On any address it rejects web pages of other sites and DNS
 * rebinding.
 */
export const operationsGuard =
  (access: OperationsAccess): RequestHandler =>
  (request, response, next) => {
    const rejection = findRejection(request, access);
    if (rejection === undefined) next();
    else response.status(rejection.status).json(errorEnvelope(rejection.message));
  };
