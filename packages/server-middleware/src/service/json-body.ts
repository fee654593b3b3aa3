import {
  type AnyPermission,
  createPathMatcher,
  type Endpoint,
  endpoints,
  isRejection,
  missingPermission,
  type Rejection,
} from '@cpg/protocol';
import type { Principal } from '../authenticate/request.ts';
import { parseJsonBody } from '../http/parse-json-body.ts';
import { createKnownRoutes, type FindKnownRoutes, METHODS_WITHOUT_BODY } from './route-table.ts';

const findEndpoint = createKnownRoutes(Object.values(endpoints).map((endpoint) => ({ endpoint })));

/** The parts of an authenticated request on which the response to a malformed body depends. */
interface SignedRequest {
  readonly method: string;
  /** Returns the path as signed, and, if a proxy changed it, as received. */
  readonly getPaths: () => readonly string[];
  readonly cpg: Principal;
  readonly rawBody: Buffer;
  /** The option `routes` of `cpgAuth`. */
  readonly findKnown: FindKnownRoutes | undefined;
}

/** The parsed body; a malformed one that is not rejected at once has no value. */
export interface JsonBody {
  readonly value: unknown;
  /** The 400 that `requirePermission` responds with, after the permission. */
  readonly malformed?: Rejection;
}

/**
 * Parses the body as JSON. Returns the rejection of a malformed body: 403 on a known route for a key without its permission,
 * else 400. Known are the option `routes` and the endpoints of the protocol; of other lists of routes in this process only the
 * permissions. Where a known endpoint or the method takes no body, and for another method on the path of an endpoint (405), the
 * value is `undefined`, and the rejection is postponed. Wire protocol §2.1.
 */
export const readJsonBody = (request: SignedRequest): JsonBody | Rejection => {
  const { method, getPaths, cpg, rawBody, findKnown } = request;
  const parsed = parseJsonBody(rawBody);
  if (!isRejection(parsed)) return parsed;
  const paths = getPaths();
  const postponed = { value: undefined, malformed: parsed };
  const known = findKnown?.(paths) ?? findEndpoint(paths);
  const row = known?.byMethod.get(method);
  if (row === undefined) {
    const isServedByRoutes =
      known !== undefined && [...known.byMethod.values()].every((each) => each.isEndpoint);
    if (isServedByRoutes || METHODS_WITHOUT_BODY.has(method)) return postponed;
  } else if (!row.takesBody) return postponed;
  const permission =
    row?.permission === undefined ? findServedPermission({ method, paths, cpg }) : row.permission;
  return permission === null || cpg.permissions.includes(permission) ? parsed : missingPermission(permission);
};

/** The permissions that lists of routes require for one method and path. */
interface ServedRoute {
  readonly matchPath: ReturnType<typeof createPathMatcher>;
  readonly method: string;
  /** In the order of the lists; more than one if apps in one process disagree. */
  readonly permissions: Set<AnyPermission | null>;
}

const served = new Map<string, ServedRoute>();

/**
 * Remembers which permission the routes with a JSON body require, for requests whose `cpgAuth` does not know the routes. It only
 * decides between the 403 and the 400 of a malformed body.
 */
export const rememberPermissions = (list: readonly { readonly endpoint: Endpoint }[]): void => {
  for (const { endpoint } of list) {
    const { method, path, permission, body } = endpoint;
    if (body === null) continue;
    const id = `${method} ${path}`;
    const known = served.get(id) ?? { method, matchPath: createPathMatcher(path), permissions: new Set() };
    known.permissions.delete(permission);
    known.permissions.add(permission);
    served.set(id, known);
  }
};

interface RouteSearch extends Pick<SignedRequest, 'method' | 'cpg'> {
  readonly paths: readonly string[];
}

/** Returns the permission that a key lacks for the latest list that serves the path; `null` if any list admits the key. */
const findServedPermission = ({ method, paths, cpg }: RouteSearch): AnyPermission | null => {
  for (const route of served.values()) {
    if (route.method !== method || !paths.some((path) => route.matchPath(path) !== undefined)) continue;
    const permissions = [...route.permissions];
    const isAdmitted = permissions.some((each) => each === null || cpg.permissions.includes(each));
    return isAdmitted ? null : (permissions.at(-1) as AnyPermission);
  }
  return null;
};
