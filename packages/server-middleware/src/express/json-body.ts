import './cpg-auth.ts';
import { createPathMatcher, endpoints, isRejection, missingPermission, type Rejection } from '@cpg/protocol';
import type { Request } from 'express';
import { parseJsonBody } from '../http/read-body.ts';

const ENDPOINTS = Object.values(endpoints).map((endpoint) => ({
  endpoint,
  matchPath: createPathMatcher(endpoint.path),
}));
const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const malformed = new WeakMap<object, Rejection>();

/**
 * Sets `req.body`, an ordinary property, to the parsed JSON. For a malformed body returns the rejection: 403 when the
 * protocol knows the endpoint and the key lacks its permission, else 400. A request that takes no body, by the protocol
 * or by its method, goes on with `req.body` undefined, and so does another method on a known path, which is 405.
 * Wire protocol §2.1.
 */
export const setJsonBody = (request: Request): Rejection | undefined => {
  // body-parser's own mark: a parser mounted behind leaves the request alone.
  Object.assign(request, { _body: true });
  const parsed = parseJsonBody(request.rawBody);
  if (!isRejection(parsed)) {
    request.body = parsed.value;
    return undefined;
  }
  request.body = undefined;
  malformed.set(request, parsed);
  const { method, originalUrl, cpg } = request;
  const path = originalUrl.split('?', 1)[0] as string;
  const known = ENDPOINTS.filter(({ matchPath }) => matchPath(path) !== undefined);
  if (known.length === 0) return METHODS_WITHOUT_BODY.has(method) ? undefined : parsed;
  const found = known.find(({ endpoint }) => endpoint.method === method);
  if (found === undefined || found.endpoint.body === null) return undefined;
  const { permission } = found.endpoint;
  return permission === null || cpg.permissions.includes(permission) ? parsed : missingPermission(permission);
};

/** The 400 for a malformed body that went on, once it is its turn in the order of checks. Wire protocol §2.1. */
export const malformedBody = (request: object): Rejection | undefined => malformed.get(request);

/** The parsed body for a route: what is in `req.body`, or with `json: false` the signed bytes as JSON. */
export const takeJsonBody = (request: Request): { readonly value: unknown } | Rejection =>
  request.body === undefined ? parseJsonBody(request.rawBody) : { value: request.body };
