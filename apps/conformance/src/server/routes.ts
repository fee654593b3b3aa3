import { type Endpoint, endpoints } from '@cpg/protocol';
import { NotApplicable } from '../core/checker.ts';
import type { Recipe } from '../core/probes/index.ts';
import { REJECTIONS } from '../core/rejections.ts';
import type { ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Every endpoint of the wire protocol. */
export const ENDPOINTS: readonly Endpoint[] = Object.values(endpoints);

/**
 * With the invalid id `0`, a server with the route responds with 422 after the permission check, one without
 * it with 404.
 */
const createPath = ({ path }: Endpoint): string => path.replace(/\{[^}]+\}/g, '0');

const isRouteMissing = ({ status, text }: ServerResponse): boolean =>
  status === 404 && text.includes(REJECTIONS.notFound.message);

const getName = ({ method, path }: Pick<Endpoint, 'method' | 'path'>): string => `${method} ${path}`;

/** The endpoints that each server is known to serve. */
const served = new WeakMap<ServerUnderTest['target'], Set<string>>();

/**
 * Ends the case as not applicable when the server does not serve the route. The first response decides: a 404
 * of a route that has responded otherwise is left to the case.
 */
export const assertServed = (
  { target }: ServerUnderTest,
  response: ServerResponse,
  endpoint: Pick<Endpoint, 'method' | 'path'>,
): void => {
  const name = getName(endpoint);
  const known = served.get(target) ?? new Set();
  if (!isRouteMissing(response)) served.set(target, known.add(name));
  else if (!known.has(name)) throw new NotApplicable(`the server does not serve ${name}`);
};

/** A signed request to a route that is accepted and has no effect. */
export const recipeFor = (server: ServerUnderTest, endpoint: Endpoint): Recipe => ({
  method: endpoint.method,
  target: `${createPath(endpoint)}?nonce=${server.basis().nonce}`,
  ...(endpoint.body === null ? {} : { body: Buffer.from('{}') }),
});

/**
 * Ends the case as not applicable when the server does not serve the endpoint. `now`: the server's clock,
 * when it is frozen.
 */
export const assertRoute = async (
  server: ServerUnderTest,
  endpoint: Endpoint,
  now = server.now(),
): Promise<void> => {
  if (served.get(server.target)?.has(getName(endpoint)) === true) return;
  assertServed(server, await server.ask(recipeFor(server, endpoint), server.basis('full', now)), endpoint);
};
