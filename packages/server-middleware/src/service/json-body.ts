import { createPathMatcher, endpoints, isRejection, missingPermission, type Rejection } from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import { parseJsonBody } from '../http/read-body.ts';

const ENDPOINTS = Object.values(endpoints).map((endpoint) => ({
  endpoint,
  matchPath: createPathMatcher(endpoint.path),
}));
const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The parts of an authenticated request on which the response to a malformed body depends. */
interface SignedRequest {
  readonly method: string;
  /** As on the wire. */
  readonly target: string;
  readonly cpg: Principal;
  readonly rawBody: Buffer;
}

/** The parsed body; a malformed one that is not rejected at once has no value. */
export interface JsonBody {
  readonly value: unknown;
  /** The 400 that `requirePermission` responds with, after the permission. */
  readonly malformed?: Rejection;
}

/**
 * Parses the body as JSON. Returns the rejection of a malformed body: 403 on an endpoint of the protocol for a key without its
 * permission, else 400. Where the endpoint or the method takes no body, and for another method on a known path (405), the
 * value is `undefined`, and the rejection is postponed. Wire protocol §2.1.
 */
export const readJsonBody = ({ method, target, cpg, rawBody }: SignedRequest): JsonBody | Rejection => {
  const parsed = parseJsonBody(rawBody);
  if (!isRejection(parsed)) return parsed;
  const postponed = { value: undefined, malformed: parsed };
  const path = target.split('?', 1)[0] as string;
  const known = ENDPOINTS.filter(({ matchPath }) => matchPath(path) !== undefined);
  if (known.length === 0) return METHODS_WITHOUT_BODY.has(method) ? postponed : parsed;
  const found = known.find(({ endpoint }) => endpoint.method === method);
  if (found === undefined || found.endpoint.body === null) return postponed;
  const { permission } = found.endpoint;
  return permission === null || cpg.permissions.includes(permission) ? parsed : missingPermission(permission);
};
