import { type Endpoint, endpoints, isRejection, validateRequest } from '@cpg/protocol';
import type { Answer } from './server-parts.ts';

export interface Route {
  readonly permission: string | null;
  /** What the route answers once the request was let in. */
  readonly handle: (body: Buffer) => Answer | { readonly data: unknown };
  readonly allow?: string;
}

const NOT_FOUND: Answer = { status: 404, message: 'Not found' };

const patternOf = ({ path }: Endpoint): RegExp =>
  new RegExp(`^${path.replace(/\{([^}]+)\}/g, '(?<$1>[^/]+)')}$`);

const dataOf = ({ name, path }: Endpoint): unknown => {
  if (name === 'ping') return { pong: true };
  return path.endsWith('}') ? undefined : [];
};

const handle = (endpoint: Endpoint, target: string, match: RegExpExecArray): Route['handle'] => {
  const mark = target.indexOf('?');
  return (bytes) => {
    let body: unknown;
    try {
      body = endpoint.body === null ? undefined : JSON.parse(bytes.toString('utf8'));
    } catch {
      return { status: 400, message: 'Malformed JSON body' };
    }
    const query = mark === -1 ? '' : target.slice(mark + 1);
    const result = validateRequest(endpoint, { pathParameters: { ...match.groups }, query, body });
    if (isRejection(result)) return { status: result.status, message: result.message };
    const data = dataOf(endpoint);
    return data === undefined ? NOT_FOUND : { data };
  };
};

/** Finds the route of a request among the endpoints of the API. */
export const routeOf = (method: string, target: string): Route => {
  const path = target.split('?')[0] ?? '';
  const known = Object.values(endpoints)
    .map((endpoint: Endpoint) => ({ endpoint, match: patternOf(endpoint).exec(path) }))
    .filter(({ match }) => match !== null);
  const found = known.find(({ endpoint }) => endpoint.method === method);
  if (found?.match)
    return { permission: found.endpoint.permission, handle: handle(found.endpoint, target, found.match) };
  if (known.length === 0) return { permission: null, handle: () => NOT_FOUND };
  const allow = known.map(({ endpoint }) => endpoint.method).join(', ');
  return { permission: null, allow, handle: () => ({ status: 405, message: 'Method not allowed' }) };
};
