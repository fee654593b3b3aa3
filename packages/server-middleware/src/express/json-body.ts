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
 * Sets `req.body` to the parsed JSON. Returns the rejection of a malformed body: 403 on an endpoint of the protocol for a key
 * without its permission, else 400. Where the endpoint or the method takes no body, and for another method on a known path
 * (405), it leaves `req.body` undefined and returns no rejection. Wire protocol §2.1.
 */
export const setJsonBody = (request: Request): Rejection | undefined => {
  // The mark of body-parser, so that a parser behind cpgAuth skips the request.
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

/** Returns the 400 for a malformed body that was not rejected at once. Wire protocol §2.1. */
export const findMalformedBody = (request: object): Rejection | undefined => malformed.get(request);

/** Returns the body for a route: `req.body`, or with `json: false` the signed bytes parsed as JSON. */
export const takeJsonBody = (request: Request): { readonly value: unknown } | Rejection =>
  request.body === undefined ? parseJsonBody(request.rawBody) : { value: request.body };
